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
 * Says to a follower of the logs whether a look can find anything new. A process that is alone knows its own writes, and needs
 * no query while there are none. A process that registers is noticed within a second, and everything that it stores is found
 * by the next look.
 */
export class QuietLogs {
  #looking = { writes: 0, wasAlone: false, atMs: 0 };
  /** Set while the last look has found nothing. */
  #isIdle = false;

  constructor(readonly deps: QuietDeps) {}

  /** Call it before each look. */
  beginLook(): void {
    const { ownWrites, isAlone } = this.deps;
    this.#looking = { writes: ownWrites.count(), wasAlone: isAlone(), atMs: monotonicMs() };
    this.#isIdle = false;
  }

  /** Notes that the look has found nothing to do, now or later. */
  noteNothing(): void {
    this.#isIdle = true;
  }

  /** True when nothing was stored since a look that found nothing. */
  areQuiet(): boolean {
    const { ownWrites, isAlone } = this.deps;
    const { writes, wasAlone, atMs } = this.#looking;
    return (
      this.#isIdle &&
      wasAlone &&
      isAlone() &&
      ownWrites.count() === writes &&
      monotonicMs() - atMs < LOOK_EVERY_MS
    );
  }
}
