import type mongoose from 'mongoose';
import { z } from 'zod';

export interface Storage {
  /** Documents before compression. */
  data: number;
  /** Documents on disk. */
  storage: number;
  indexes: number;
}

export const COUNTED = ['conversations', 'messages', 'members', 'users'] as const;
export type Counted = (typeof COUNTED)[number];

const PAIR_INDEX = 'participantsKey_1';
/** With fewer documents than this a database may rightly read all of them. */
const ENOUGH_TO_TELL = 1_000;
/** Counting duplicates without an index reads every conversation: not for longer than this, in ms. */
const MAX_COUNT_MS = 5_000;

const stats = z.object({ dataSize: z.number(), storageSize: z.number(), indexSize: z.number() });
const index = z.object({ key: z.record(z.string(), z.unknown()), unique: z.unknown().optional() });
const counted = z.object({ duplicates: z.number() });

/** What an operator wants to know of the database itself. Not every server can tell all of it: then it throws. */
export function createDatabaseFacts(connection: mongoose.Connection) {
  const conversations = () => connection.collection('conversations');
  const command = async (body: mongoose.mongo.BSON.Document): Promise<unknown> =>
    connection.db?.command(body);

  return {
    async findStorage(): Promise<Storage> {
      const { dataSize, storageSize, indexSize } = stats.parse(await command({ dbStats: 1 }));
      return { data: dataSize, storage: storageSize, indexes: indexSize };
    },

    /** From the collection's own books: nothing is counted. */
    estimateCount(collection: Counted): Promise<number> {
      return connection.collection(collection).estimatedDocumentCount();
    },

    /** Whether the index that keeps a pair to one conversation is there, and is a unique one. */
    async isPairIndexThere(): Promise<boolean> {
      const found = z.array(index).parse(await conversations().indexes());
      return found.some(
        ({ key, unique }) => Object.keys(key).join() === 'participantsKey' && Boolean(unique),
      );
    },

    /**
     * Whether the database chooses that index for a pair by itself, as it has to for the upsert; undefined while there
     * is too little to choose.
     */
    async isPairIndexUsed(): Promise<boolean | undefined> {
      const find = { find: 'conversations', filter: { participantsKey: 'nobody_nothing' } };
      const plan = await command({ explain: find, verbosity: 'queryPlanner' });
      if (indexesOf(plan).includes(PAIR_INDEX)) return true;
      return (await conversations().estimatedDocumentCount()) < ENOUGH_TO_TELL ? undefined : false;
    },

    /** Conversations beyond the first under the same key. Reads all of them: only for when the index is gone. */
    async countDuplicates(): Promise<number> {
      const found = await conversations()
        .aggregate(
          [
            { $match: { participantsKey: { $exists: true } } },
            { $group: { _id: '$participantsKey', holders: { $sum: 1 } } },
            { $match: { holders: { $gt: 1 } } },
            { $group: { _id: 0, duplicates: { $sum: { $subtract: ['$holders', 1] } } } },
          ],
          { maxTimeMS: MAX_COUNT_MS },
        )
        .toArray();
      return found.length === 0 ? 0 : counted.parse(found[0]).duplicates;
    },
  };
}

/** The indexes that a plan uses, wherever they hide: MongoDB's words, or PostgreSQL's of a compatible server. */
export function indexesOf(plan: unknown): string[] {
  if (typeof plan !== 'object' || plan === null) return [];
  return Object.entries(plan).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'rejectedPlans') return [];
    if ((name === 'indexName' || name === 'Index Name') && typeof value === 'string') return [value];
    return indexesOf(value);
  });
}

export type DatabaseFacts = ReturnType<typeof createDatabaseFacts>;
