import mongoose from 'mongoose';
import { inject } from 'vitest';

let counter = 0;

/** Returns the name of a database that does not exist yet. */
export const newDatabaseName = (): string => `t${process.pid}_${Date.now().toString(36)}_${(counter += 1)}`;

/** Emptied databases, whose collections and indexes are there: making those takes longer than a test does. */
const emptied: string[] = [];
/** With more documents than these, what is deleted slows down the queries of the next test. */
const MAX_DELETED = 2_000;

let connected: Promise<mongoose.Connection> | undefined;
const connect = (): Promise<mongoose.Connection> =>
  (connected ??= mongoose.createConnection(inject('mongoUri')).asPromise());

/** Returns the name of a database of the shared server that is empty: a new one, or one that was given back. */
export const takeDatabase = (): string => emptied.pop() ?? newDatabaseName();

/** Empties a database for another test of this worker. Nothing may write to it any more. */
export async function giveBackDatabase(name: string): Promise<void> {
  const collections = await (await connect()).getClient().db(name).collections();
  const deleted = await Promise.all(collections.map((collection) => collection.deleteMany({})));
  const count = deleted.reduce((sum, { deletedCount }) => sum + deletedCount, 0);
  if (count <= MAX_DELETED) emptied.push(name);
}
