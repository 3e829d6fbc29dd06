import type { DatabaseTime } from './databaseTime.js';

/**
 * Tracks the oldest derived write of this process that may not be visible yet. A write gets its `changedAt` when the
 * database executes it, and becomes visible a little later. A reader that takes "now" as its cursor in between would
 * never see it, so cursors stay behind the watermarks of all processes.
 */
export class WriteWatermark {
  readonly #startedMs = new Set<{ atMs: number }>();

  constructor(readonly time: DatabaseTime) {}

  /** Runs a write that sets `changedAt`. */
  async track<T>(write: () => Promise<T>): Promise<T> {
    const started = { atMs: this.time.nowMs() };
    this.#startedMs.add(started);
    try {
      return await write();
    } finally {
      this.#startedMs.delete(started);
    }
  }

  /** Returns the database time before which all writes of this process are visible. */
  visibleThrough(): Date {
    let oldestMs = this.time.nowMs();
    for (const { atMs } of this.#startedMs) oldestMs = Math.min(oldestMs, atMs);
    return new Date(oldestMs);
  }
}
