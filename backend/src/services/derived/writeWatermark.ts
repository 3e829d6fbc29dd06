import type { DatabaseTime } from './databaseTime.js';

/**
 * Knows the oldest derived write of this process that may not be visible yet. A write gets its `changedAt` when the
 * database executes it and becomes visible a little later; a reader that took "now" as its cursor in between would
 * miss it for ever. So cursors stay behind every process's watermark.
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

  /** Database time before which everything of this process is visible. */
  visibleThrough(): Date {
    let oldestMs = this.time.nowMs();
    for (const { atMs } of this.#startedMs) oldestMs = Math.min(oldestMs, atMs);
    return new Date(oldestMs);
  }
}
