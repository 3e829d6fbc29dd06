import type mongoose from 'mongoose';
import { COMMITTED } from './committed.js';

/** State that every process holds in memory and keeps up to date. */
export type Marked = 'users' | 'blocks' | 'processes' | 'apiKeys' | 'webhooks';

/** Numbers of changes so far. */
export type Marks = Record<Marked, number>;

/** Part of the epoch's document, so that one small read of it shows all marks. */
export interface MarkedDocument {
  _id: 'epoch';
  marks?: Partial<Marks>;
}

export const toMarks = ({
  users = 0,
  blocks = 0,
  processes = 0,
  apiKeys = 0,
  webhooks = 0,
}: Partial<Marks> = {}): Marks => ({
  users,
  blocks,
  processes,
  apiKeys,
  webhooks,
});

/**
 * Counts changes of users, blocks, processes and API keys, so that a process that polls reads what changed only after a change.
 * Each change is marked after its write and before its answer: a process that reads an unchanged mark has missed no
 * acknowledged change. Without an epoch's document no server has ever polled, and nothing is marked.
 */
export function createChangeMarks(connection: mongoose.Connection) {
  const collection = connection.collection<MarkedDocument>('meta');
  return {
    async note(changed: Marked): Promise<void> {
      await collection.updateOne(
        { _id: 'epoch' },
        { $inc: { [`marks.${changed}`]: 1 } },
        { writeConcern: COMMITTED },
      );
    },
  };
}

export type ChangeMarks = ReturnType<typeof createChangeMarks>;
