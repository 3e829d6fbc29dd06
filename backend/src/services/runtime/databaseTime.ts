/**
 * Estimates the database's clock; updated with every heartbeat. Times that processes compare (`changedAt`, cursors) are
 * all on this clock, so a server whose clock is wrong does no harm.
 */
export class DatabaseTime {
  #offsetMs = 0;

  /** @param databaseTime answer to a query that was sent and answered at these local times (ms). */
  observe(databaseTime: Date, askedMs: number, answeredMs: number): void {
    this.#offsetMs = databaseTime.getTime() - (askedMs + answeredMs) / 2;
  }

  /** Database time now, with an error of about one round trip. */
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  now(): Date {
    return new Date(this.nowMs());
  }
}
