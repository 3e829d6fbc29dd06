import { AsyncLocalStorage } from 'node:async_hooks';
import { unavailable, type AppError } from './appError.js';
import { monotonicMs } from './clock.js';

/**
 * Deadline of the read-only command under way, on the clock of `monotonicMs`. All work that the command starts inherits
 * it (AsyncLocalStorage), so work shared between commands must opt out with `withoutReadDeadline`.
 */
const deadline = new AsyncLocalStorage<number | undefined>();

export const timeoutError = (): AppError => unavailable('This took too long; try again.');

/** Runs a read-only command: after `endsAtMs` its next database read throws instead of running. */
export const withReadDeadline = <T>(endsAtMs: number, work: () => T): T => deadline.run(endsAtMs, work);

/** Runs work that must complete even when the command that started it has timed out. */
export const withoutReadDeadline = <T>(work: () => T): T => deadline.run(undefined, work);

/**
 * Returns the whole milliseconds left for the command under way; undefined when it has no deadline.
 *
 * @throws AppError `UNAVAILABLE` after the deadline: the caller has already received this error.
 */
export function remainingReadMs(): number | undefined {
  const endsAtMs = deadline.getStore();
  if (endsAtMs === undefined) return undefined;
  const remainingMs = Math.ceil(endsAtMs - monotonicMs());
  if (remainingMs <= 0) throw timeoutError();
  return remainingMs;
}
