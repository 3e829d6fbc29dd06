import mongoose from 'mongoose';
import type { Truth } from '../../faults/support/truth.js';

/** Duration of the absence, in ms. */
export const AWAY_MS = 31 * 86_400_000;

/** All time fields of the server's documents, by collection. */
const TIMES: Record<string, readonly string[]> = {
  messages: ['createdAt'],
  conversations: ['createdAt', 'lastMessageAt', 'changedAt'],
  members: ['changedAt'],
};

/** Moves all stored times into the past. No server may be running. */
export async function makeOld(truth: Truth, byMs: number): Promise<void> {
  for (const [name, fields] of Object.entries(TIMES)) {
    const collection = truth.db.collection(name);
    for await (const doc of collection.find()) {
      const moved = fields.flatMap((field) => {
        const value: unknown = doc[field];
        return value instanceof Date ? [[field, new Date(value.getTime() - byMs)] as const] : [];
      });
      await collection.updateOne(
        { _id: new mongoose.mongo.ObjectId(String(doc._id)) },
        { $set: Object.fromEntries(moved) },
      );
    }
  }
}

/** Moves the time of a `sync` cursor into the past. (Clients treat cursors as opaque; this test knows the format.) */
export function makeCursorOld(cursor: string, byMs: number): string {
  const [epoch, conversations, own, untilMs] = JSON.parse(
    Buffer.from(cursor, 'base64url').toString('utf8'),
  ) as [string, [number, string], [number, string], number];
  const older = ([time, id]: [number, string]): [number, string] => [Math.max(0, time - byMs), id];
  const parts = [epoch, older(conversations), older(own), Math.max(0, untilMs - byMs)];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}
