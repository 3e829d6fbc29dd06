import type mongoose from 'mongoose';
import { z } from 'zod';

/** Size of a database, in bytes. */
export interface Storage {
  /** Documents before compression. */
  data: number;
  /** Documents on disk. */
  storage: number;
  indexes: number;
}

/** Collections whose size is reported as a metric. */
export const COUNTED_COLLECTIONS = ['conversations', 'messages', 'members', 'users'] as const;
export type CountedCollection = (typeof COUNTED_COLLECTIONS)[number];

const PAIR_INDEX = 'participantsKey_1';
/** Documents below which a query planner may rightly prefer a collection scan. */
const MIN_PLANNED_DOCUMENTS = 1_000;
/** Time limit for counting duplicates without an index, which reads every conversation, in ms. */
const MAX_COUNT_MS = 5_000;

const stats = z.object({ dataSize: z.number(), storageSize: z.number(), indexSize: z.number() });
const index = z.object({ key: z.record(z.string(), z.unknown()), unique: z.unknown().optional() });
const counted = z.object({ duplicates: z.number() });

/**
 * Facts about the database for operators. A compatible server may not support all of these commands; the methods then
 * throw.
 */
export function createDatabaseFacts(connection: mongoose.Connection) {
  const conversations = () => connection.collection('conversations');
  const command = async (body: mongoose.mongo.BSON.Document): Promise<unknown> =>
    connection.db?.command(body);

  return {
    async findStorage(): Promise<Storage> {
      const { dataSize, storageSize, indexSize } = stats.parse(await command({ dbStats: 1 }));
      return { data: dataSize, storage: storageSize, indexes: indexSize };
    },

    /** Returns the count from the collection's metadata; nothing is counted. */
    estimateCount(collection: CountedCollection): Promise<number> {
      return connection.collection(collection).estimatedDocumentCount();
    },

    /** True when the unique index on `participantsKey` exists. */
    async hasPairIndex(): Promise<boolean> {
      const found = z.array(index).parse(await conversations().indexes());
      return found.some(
        ({ key, unique }) => Object.keys(key).join() === 'participantsKey' && Boolean(unique),
      );
    },

    /**
     * True when the query planner chooses that index to find a pair, as the upsert of a pair needs. Undefined while the
     * collection is too small to tell.
     */
    async isPairIndexUsed(): Promise<boolean | undefined> {
      const find = { find: 'conversations', filter: { participantsKey: 'nobody_nothing' } };
      const plan = await command({ explain: find, verbosity: 'queryPlanner' });
      if (indexesOf(plan).includes(PAIR_INDEX)) return true;
      // Counted: an estimate may be that of a minute ago, when there were none.
      const count = await conversations().countDocuments({}, { limit: MIN_PLANNED_DOCUMENTS });
      return count < MIN_PLANNED_DOCUMENTS ? undefined : false;
    },

    /**
     * Counts conversations that repeat the key of another one. Reads all of them, so it is only called when the index
     * is missing.
     */
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

/** Names of the indexes in a query plan, at any depth: the keys of MongoDB, or those of a PostgreSQL-based server. */
export function indexesOf(plan: unknown): string[] {
  if (typeof plan !== 'object' || plan === null) return [];
  return Object.entries(plan).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'rejectedPlans') return [];
    if ((name === 'indexName' || name === 'Index Name') && typeof value === 'string') return [value];
    return indexesOf(value);
  });
}

export type DatabaseFacts = ReturnType<typeof createDatabaseFacts>;
