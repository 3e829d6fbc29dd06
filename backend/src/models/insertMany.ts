import mongoose from 'mongoose';
import { Backoff } from '../utils/backoff.js';
import { sleep } from '../utils/clock.js';
import { isRaceCode } from './unavailable.js';

/** What became of one document of an insert. */
export type InsertResult =
  | { outcome: 'stored' }
  /** A unique index holds such a document already (which index is not told by every server). */
  | { outcome: 'duplicate' }
  | { outcome: 'failed'; error: unknown }
  /** Behind the first failure of an ordered batch, or undone by the database to end a deadlock: as if never tried. */
  | { outcome: 'untried' };

const DUPLICATE_KEY = 11_000;
/** What the package-built database says now and then where others say 11000. */
const INTERNAL_ERROR = 1;

/** True for a violated unique index: by code alone, the text differs between servers. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY;

/** True also for what may be one: the loser among concurrent upserts, an index that old duplicates stand in the way of. */
export const mayBeDuplicateKey = (error: unknown): boolean =>
  isDuplicateKey(error) ||
  (error instanceof mongoose.mongo.MongoServerError && error.code === INTERNAL_ERROR);

/** True for a bulk of which nothing was refused but by unique indexes. */
export const hasOnlyDuplicates = (error: unknown): error is mongoose.mongo.MongoBulkWriteError => {
  const refused = error instanceof mongoose.mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
  return refused.length > 0 && refused.every(({ code }) => code === DUPLICATE_KEY);
};

function outcomeOf(refusal: mongoose.mongo.WriteError): InsertResult {
  if (refusal.code === DUPLICATE_KEY) return { outcome: 'duplicate' };
  return isRaceCode(refusal.code) ? { outcome: 'untried' } : { outcome: 'failed', error: refusal };
}

const MAX_RACES = 8;
/** Each waits a little differently: those that met once would meet again. */
const RACE_PAUSE_MS = 5;

/**
 * Does a write again that met another one: two upserts of one document (the later meets a unique index), a deadlock.
 *
 * @param write must be safe to repeat. @throws what it throws for another reason, or for this one time after time.
 */
export async function retryRaces(write: () => Promise<unknown>): Promise<void> {
  const backoff = new Backoff(RACE_PAUSE_MS, 8 * RACE_PAUSE_MS);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write();
      return;
    } catch (error) {
      const isRace =
        mayBeDuplicateKey(error) ||
        (error instanceof mongoose.mongo.MongoServerError && isRaceCode(error.code));
      if (!isRace || attempt >= MAX_RACES) throw error;
      await sleep(backoff.next());
    }
  }
}

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
      results[one.index] = outcomeOf(one);
    }
    const first = Math.min(...refused.map((one) => one.index));
    return ordered
      ? results.map((result, index) => (index > first ? { outcome: 'untried' } : result))
      : results;
  }
}
