/**
 * The database's clock, as far as this process knows it: followed with every heartbeat. Times that processes compare
 * (`changedAt`, cursors) are all on this clock, so that a server with a wrong clock does no harm.
 */
export class DatabaseTime {
  #offsetMs = 0;

  /** @param databaseTime what the database said, for a question asked and answered at these local times (ms). */
  observe(databaseTime: Date, askedMs: number, answeredMs: number): void {
    this.#offsetMs = databaseTime.getTime() - (askedMs + answeredMs) / 2;
  }

  /** The database's time now, within about the length of a round trip. */
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  now(): Date {
    return new Date(this.nowMs());
  }
}
