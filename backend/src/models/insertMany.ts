import mongoose from 'mongoose';

/** What became of one document of an insert. */
export type InsertResult =
  | { outcome: 'stored' }
  /** A unique index holds such a document already (which index is not told by every server). */
  | { outcome: 'duplicate' }
  | { outcome: 'failed'; error: unknown }
  /** Behind the first failure of an ordered batch. */
  | { outcome: 'untried' };

const DUPLICATE_KEY = 11_000;

/** True for a violated unique index: by code alone, the text differs between servers. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY;

/**
 * Runs an `insertMany` of `count` documents and says what became of each.
 *
 * @throws the error, when it leaves the outcome of the whole batch unknown.
 */
export async function insertEach(
  count: number,
  ordered: boolean,
  insert: () => Promise<unknown>,
): Promise<InsertResult[]> {
  const results = Array.from({ length: count }, (): InsertResult => ({ outcome: 'stored' }));
  try {
    await insert();
    return results;
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
    const refused = [error.writeErrors].flat();
    if (refused.length === 0 || error.result.getWriteConcernError() !== undefined) throw error;
    for (const one of refused) {
      results[one.index] =
        one.code === DUPLICATE_KEY ? { outcome: 'duplicate' } : { outcome: 'failed', error: one };
    }
    const first = Math.min(...refused.map((one) => one.index));
    return ordered
      ? results.map((result, index) => (index > first ? { outcome: 'untried' } : result))
      : results;
  }
}
