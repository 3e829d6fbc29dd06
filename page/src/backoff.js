/**
 * How long to wait before the next attempt: twice as long each time, up to a bound, and spread, so that many clients
 * do not come back at once.
 *
 * @param {number} attempt 0, 1, 2 …
 * @param {{ firstMs: number, maxMs: number }} bounds
 */
export const backoffMs = (attempt, { firstMs, maxMs }) =>
  Math.round(Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2));
