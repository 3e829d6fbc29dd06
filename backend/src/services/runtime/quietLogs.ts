import type { OwnWrites } from '../../models/ownWrites.js';
import { monotonicMs } from '../../utils/clock.js';

interface QuietDeps {
  ownWrites: OwnWrites;
  /** True when no other process is registered, as of a second ago at most. */
  isAlone: () => boolean;
}

/** The logs are looked at this often, in ms, also when nothing seems to happen: somebody may have written by hand. */
const LOOK_EVERY_MS = 10_000;
/**
 * An entry is found by looks that begin this much later, in ms: looks end at a whole second, because ids have no finer time,
 * and up to three seconds behind the time of the database, where writes may still become visible.
 */
const FOUND_AFTER_MS = 5_000;

/**
 * Says to a follower of the logs whether a look can find anything new. A process that is alone knows its own writes, and needs
 * no query while there are none. A process that registers is noticed within a second, and everything that it stores is found
 * by the next look.
 */
export class QuietLogs {
  #looking = { findsAll: false, atMs: 0 };
  /** When another process may last have written. */
  #othersWroteMs = monotonicMs();
  /** Set while the last look has left nothing to do. */
  #isIdle = false;

  constructor(readonly deps: QuietDeps) {}

  /** Call it before each look. */
  beginLook(): void {
    const { ownWrites, isAlone } = this.deps;
    const atMs = monotonicMs();
    if (!isAlone()) this.#othersWroteMs = atMs;
    this.#looking = {
      findsAll: atMs - Math.max(ownWrites.lastEndMs(), this.#othersWroteMs) >= FOUND_AFTER_MS,
      atMs,
    };
    this.#isIdle = false;
  }

  /** Notes that the look has left nothing to do, now or later. */
  noteNothing(): void {
    this.#isIdle = true;
  }

  /** True when nothing was stored since a look that would have found it, and left nothing to do. */
  areQuiet(): boolean {
    const { ownWrites, isAlone } = this.deps;
    const { findsAll, atMs } = this.#looking;
    return (
      this.#isIdle &&
      findsAll &&
      isAlone() &&
      ownWrites.lastEndMs() < atMs &&
      monotonicMs() - atMs < LOOK_EVERY_MS
    );
  }
}
