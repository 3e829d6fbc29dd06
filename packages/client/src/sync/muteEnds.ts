import type { Store } from '../observable/store.js';
import { nowAt } from '../state/selectors.js';
import { muteEndsAtMs } from '../state/unreadTotals.js';

/** Longest delay that a timer takes, in ms. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Lets the badge and the list follow when a mute ends, also when nothing else happens then. */
export class MuteEnds {
  readonly #store: Store;
  readonly #unsubscribe: () => void;
  #endsAtMs = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#unsubscribe = store.onChange((state, before) => {
      const isSame =
        state.conversations === before.conversations && state.clockOffsetMs === before.clockOffsetMs;
      if (!isSame) this.#wait();
    });
  }

  dispose(): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const state = this.#store.getState();
    const endsAtMs = muteEndsAtMs(state);
    // By the clock of the device, as timers go.
    const dueMs = endsAtMs - state.clockOffsetMs;
    if (dueMs === this.#endsAtMs) return;
    clearTimeout(this.#timer);
    this.#endsAtMs = dueMs;
    if (endsAtMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#endsAtMs = Infinity;
        // Waits for the next one, as every change of the conversations does.
        this.#store.dispatch({ type: 'muteEnded' });
      },
      Math.min(endsAtMs - nowAt(state), MAX_DELAY_MS),
    );
  }
}
