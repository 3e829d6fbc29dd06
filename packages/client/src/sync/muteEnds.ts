import type { Store } from '../observable/store.js';
import { isMutedAt } from '../state/conversations.js';
import { nowAt } from '../state/selectors.js';

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
    const now = nowAt(state);
    const endsAtMs = Object.values(state.conversations)
      .filter((record) => isMutedAt(record, now))
      .reduce((first, { mutedUntil = '' }) => Math.min(first, Date.parse(mutedUntil)), Infinity);
    // By the clock of the device, as timers go.
    const dueMs = endsAtMs - state.clockOffsetMs;
    if (dueMs === this.#endsAtMs) return;
    clearTimeout(this.#timer);
    this.#endsAtMs = dueMs;
    if (endsAtMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#endsAtMs = Infinity;
        this.#store.dispatch({ type: 'muteEnded' });
        this.#wait();
      },
      Math.min(endsAtMs - now, MAX_DELAY_MS),
    );
  }
}
