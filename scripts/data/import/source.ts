import { createReadStream, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import mongoose from 'mongoose';
import { readOwn } from '../../../backend/src/utils/readOwn.js';
import { CannotRun, type TaskContext } from '../frame/task.js';
import type { ImportMapping } from './mapping.js';

/** A row of the older system and where it stands; without a row it could not be read. */
export interface Row {
  at: string;
  row: unknown;
  problem?: string;
}

interface Place {
  collection?: string | undefined;
  file?: string | undefined;
}

/** Collections of the server: what is read from there would be written there. */
const OURS = new Set(['conversations', 'messages', 'members', 'users', 'aliases', 'receipts', 'changes']);

/** Reads the older system, and never writes to it. */
export class Source {
  readonly #context: TaskContext;
  readonly #mapping: ImportMapping;
  readonly #folder: string;
  #own: mongoose.Connection | undefined;

  constructor(context: TaskContext, mapping: ImportMapping, mappingPath: string) {
    this.#context = context;
    this.#mapping = mapping;
    this.#folder = dirname(mappingPath);
  }

  /** Every row of a place, one after the other. @throws CannotRun. */
  async *rows(place: Place): AsyncGenerator<Row> {
    if (place.file !== undefined) yield* this.#lines(resolve(this.#folder, place.file));
    else if (place.collection !== undefined) yield* this.#documents(place.collection);
  }

  async close(): Promise<void> {
    await this.#own?.close();
  }

  async *#documents(name: string): AsyncGenerator<Row> {
    const database = await this.#database();
    if (database.name === this.#context.connection.name && OURS.has(name)) {
      throw new CannotRun(
        `The mapping names the collection ${name} of the server's own database ${database.name}: rename it there first.`,
      );
    }
    const cursor = database.collection(name).find({}, { batchSize: 500, sort: { _id: 1 } });
    for await (const row of cursor) yield { at: `${name} ${String(row._id)}`, row };
  }

  async #database(): Promise<mongoose.Connection> {
    const { connection } = this.#context;
    const { mongo } = this.#mapping;
    if (mongo === undefined) return connection;
    if (mongo.uri === undefined) return connection.useDb(mongo.database, { useCache: true });
    this.#own ??= await mongoose
      .createConnection(mongo.uri, { dbName: mongo.database, serverSelectionTimeoutMS: 10_000 })
      .asPromise()
      .catch((error: unknown) => {
        throw new CannotRun(`The older system's MongoDB cannot be reached: ${(error as Error).message}`);
      });
    return this.#own;
  }

  async *#lines(path: string): AsyncGenerator<Row> {
    if (!existsSync(path)) throw new CannotRun(`${path} is not there.`);
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      const at = `${path.slice(this.#folder.length + 1)}:${number}`;
      try {
        yield { at, row: JSON.parse(line) as unknown };
      } catch {
        yield { at, row: undefined, problem: 'is no JSON' };
      }
    }
  }
}

/** The value of a field; an id or a time of extended JSON is what it stands for. */
export function readField(row: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  const found = readOwn(row, path.split('.'));
  const oid = readOwn(found, ['$oid']);
  const date = readOwn(found, ['$date']);
  return oid ?? readOwn(date, ['$numberLong']) ?? date ?? found ?? undefined;
}

/** An id as a string: of ObjectIds their digits. */
export function toId(value: unknown): string | undefined {
  if (value instanceof mongoose.Types.ObjectId) return value.toHexString();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const oid = readOwn(value, ['$oid']);
  const text = typeof oid === 'string' ? oid : value;
  return typeof text === 'string' && text !== '' && text.length <= 300 ? text : undefined;
}

/** Numbers below this count seconds: as ms it would be 1973. */
const SECONDS_BELOW = 1e11;

export function toTime(value: unknown): Date | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^\d{9,14}$/.test(value) ? Number(value) : value;
  const date =
    typeof number === 'number'
      ? new Date(number < SECONDS_BELOW ? number * 1_000 : number)
      : new Date(value as string | Date);
  return Number.isNaN(date.getTime()) || date.getTime() <= 0 ? undefined : date;
}

/** Text that every database can hold. */
export const toText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.toWellFormed().replaceAll('\u0000', '') : undefined;
