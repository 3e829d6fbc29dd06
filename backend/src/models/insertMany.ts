import mongoose from 'mongoose';
import { Backoff } from '../utils/backoff.js';
import { sleep } from '../utils/clock.js';
import { isRaceCode } from './unavailable.js';

/** Outcome of one document of an insert. */
export type InsertResult =
  | { outcome: 'stored' }
  /** A unique index already holds these values. Not every server reports which index. */
  | { outcome: 'duplicate' }
  | { outcome: 'failed'; error: unknown }
  /** Not tried: after the first failure of an ordered batch, or rolled back by the database to end a deadlock. */
  | { outcome: 'untried' };

const DUPLICATE_KEY = 11_000;
/** Code that the package-built database sometimes returns in place of 11000. */
const INTERNAL_ERROR = 1;

/** True for a unique index violation. Judged by the code only, because the text differs between servers. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY;

/**
 * True for a possible unique index violation: also for errors that a server reports with code 1 when concurrent upserts
 * collide, or when stored duplicates prevent an index.
 */
export const mayBeDuplicateKey = (error: unknown): boolean =>
  isDuplicateKey(error) ||
  (error instanceof mongoose.mongo.MongoServerError && error.code === INTERNAL_ERROR);

/** True for a bulk error in which unique indexes caused all refusals. */
export const hasOnlyDuplicates = (error: unknown): error is mongoose.mongo.MongoBulkWriteError => {
  const refused = error instanceof mongoose.mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
  return refused.length > 0 && refused.every(({ code }) => code === DUPLICATE_KEY);
};

/**
 * Inserts documents and ignores those that already exist under the same unique key. An upsert by `_id` with
 * `$setOnInsert` is no substitute: when two of them collide, the package-built database applies the second one to the
 * document of the first, and both callers believe that they have inserted it.
 *
 * Returns true when every document was inserted, false when a unique index refused at least one.
 */
export async function insertMissing(insert: () => Promise<unknown>): Promise<boolean> {
  let isComplete = true;
  await retryRaces(async () => {
    try {
      await insert();
    } catch (error) {
      if (!isDuplicateKey(error) || (isBulkError(error) && !hasOnlyDuplicates(error))) throw error;
      isComplete = false;
    }
  });
  return isComplete;
}

const isBulkError = (error: unknown): boolean => error instanceof mongoose.mongo.MongoBulkWriteError;

function outcomeOf(refusal: mongoose.mongo.WriteError): InsertResult {
  if (refusal.code === DUPLICATE_KEY) return { outcome: 'duplicate' };
  return isRaceCode(refusal.code) ? { outcome: 'untried' } : { outcome: 'failed', error: refusal };
}

/** Maximum attempts of a write that keeps colliding. */
const MAX_RACES = 8;
/** First delay before a retry, in ms. `Backoff` adds jitter, so that writes that collided once do not collide again. */
const RACE_PAUSE_MS = 5;

/**
 * Repeats a write that collided with another one: two upserts of one document (the later one violates a unique index),
 * or a deadlock.
 *
 * Returns its result.
 *
 * @param write must be safe to repeat. @throws its error when it has another cause, or persists after all attempts.
 */
export async function retryRaces<Result>(write: () => Promise<Result>): Promise<Result> {
  const backoff = new Backoff(RACE_PAUSE_MS, 8 * RACE_PAUSE_MS);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
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
 * Runs an `insertMany` of `count` documents and returns the outcome of each.
 *
 * @throws the error when the outcome of the whole batch is unknown.
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
