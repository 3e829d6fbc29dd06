import { monotonicMs } from '../../utils/clock.js';

/** Largest difference in speed between two clocks, in ms per ms. Quartz clocks differ by less than a tenth of it. */
const MAX_DRIFT = 0.001;
/** The database states times in whole ms. */
const ROUNDING_MS = 1;
/** A correction backwards by up to this long only holds the time until it has been caught up with. */
const MAX_HOLD_MS = 1_000;

/**
 * Estimates the database's clock; updated with every heartbeat. Times that processes compare (`createdAt`, `changedAt`,
 * cursors) are all on this clock, so a server whose clock is wrong or set does no harm. A busy database answers late,
 * which says little about its clock: as in NTP, the estimate with the smallest possible error counts. Until the first
 * estimate it is the clock of this machine.
 */
export class DatabaseTime {
  /** Database time minus monotonic time. */
  #offsetMs = Date.now() - monotonicMs();
  /** Largest possible error of the offset when it was estimated. */
  #errorMs = Infinity;
  #estimatedAtMs = 0;
  #latestMs = 0;

  /** @param databaseTime answer to a query that was sent and answered at these monotonic times (ms). */
  observe(databaseTime: Date, askedMs: number, answeredMs: number): void {
    const errorMs = (answeredMs - askedMs) / 2 + ROUNDING_MS;
    const offsetMs = databaseTime.getTime() - (askedMs + answeredMs) / 2;
    const knownErrorMs = this.#errorMs + (answeredMs - this.#estimatedAtMs) * MAX_DRIFT;
    // The database's clock was set, or another server of its cluster answers now.
    const wasSet = Math.abs(offsetMs - this.#offsetMs) > errorMs + knownErrorMs;
    if (errorMs > knownErrorMs && !wasSet) return;
    this.#offsetMs = offsetMs;
    this.#errorMs = errorMs;
    this.#estimatedAtMs = answeredMs;
  }

  /** Database time now, in ms since 1970. Never goes backwards, unless the database's clock was set back. */
  nowMs(): number {
    const nowMs = monotonicMs() + this.#offsetMs;
    if (nowMs > this.#latestMs || this.#latestMs - nowMs > MAX_HOLD_MS) this.#latestMs = nowMs;
    return this.#latestMs;
  }

  now(): Date {
    return new Date(this.nowMs());
  }
}
