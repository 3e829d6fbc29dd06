import { sleep } from './clock.js';

/** Assumed maximum difference between NTP-synchronized clocks, in ms. */
const MAX_CLOCK_SKEW_MS = 200;
/** Longest wait, in ms: bounds the wait when clocks are wrong. */
const MAX_WAIT_MS = 2_000;

/**
 * Waits until the second after `moment` has begun on the database's clock and on this machine's clock, plus a margin
 * for the clock of a token issuer. Tokens carry `iat` in whole seconds, so a token issued after this wait has a later
 * `iat` than `moment`.
 */
export async function waitForNextSecond(moment: Date, databaseNowMs: () => number = Date.now): Promise<void> {
  const beginsMs = Math.ceil(moment.getTime() / 1_000) * 1_000;
  const nowMs = Math.min(Date.now(), databaseNowMs());
  await sleep(Math.min(MAX_WAIT_MS, Math.max(0, beginsMs + MAX_CLOCK_SKEW_MS - nowMs)));
}
