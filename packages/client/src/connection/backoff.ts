export interface BackoffRange {
  firstMs: number;
  maxMs: number;
}

/**
 * Returns the wait before the next attempt: doubled each time up to a limit, and spread over its upper half, so that many
 * clients do not return at once.
 *
 * @param attempt 0 before the second attempt, then 1, 2 …
 */
export const backoffMs = (attempt: number, { firstMs, maxMs }: BackoffRange): number =>
  Math.round(Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2));
