import type mongoose from 'mongoose';
import { remainingReadMs } from '../utils/readDeadline.js';

/** Default time limit of a query, in ms: the database ends longer ones. */
export const MAX_QUERY_MS = 10_000;

/**
 * Returns the time limit of a read that starts now: the time left until the deadline of its command, at most `maxMs`.
 *
 * @throws AppError `UNAVAILABLE` after the deadline.
 */
export const readLimit = (maxMs = MAX_QUERY_MS): { maxTimeMS: number } => ({
  maxTimeMS: Math.min(maxMs, remainingReadMs() ?? maxMs),
});

/**
 * Mongoose plugin that sets the time limit of every model's reads. Queries that bypass Mongoose pass `readLimit`
 * themselves.
 */
export function limitReads(schema: mongoose.Schema): void {
  schema.pre(['find', 'findOne', 'countDocuments'], function () {
    if (remainingReadMs() !== undefined) this.setOptions(readLimit());
  });
}
