import mongoose from 'mongoose';
import type { Truth } from '../../faults/support/truth.js';

/** How long somebody was away, in ms. */
export const AWAY_MS = 31 * 86_400_000;

/** Every time that the server has stored, by collection. */
const TIMES: Record<string, readonly string[]> = {
  messages: ['createdAt'],
  conversations: ['createdAt', 'lastMessageAt', 'changedAt'],
  members: ['changedAt'],
};

/** Moves everything stored so far into the past, as if it had been there for a month. No server may be running. */
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

/** The same for a cursor of `sync` that was given out before. (Opaque to clients; a test may know what is in it.) */
export function makeCursorOld(cursor: string, byMs: number): string {
  const [epoch, conversations, own, untilMs] = JSON.parse(
    Buffer.from(cursor, 'base64url').toString('utf8'),
  ) as [string, [number, string], [number, string], number];
  const older = ([time, id]: [number, string]): [number, string] => [Math.max(0, time - byMs), id];
  const parts = [epoch, older(conversations), older(own), Math.max(0, untilMs - byMs)];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}
