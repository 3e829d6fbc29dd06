import { startTimer } from '../connection/elapsed.js';
import type { Store } from '../observable/store.js';

/** Differences below this are not worth a change of the state. */
const TOLERANCE_MS = 5_000;

/**
 * Estimates the server's clock from times in events that have just happened. Only mutes depend on it: whether a conversation
 * is muted is a matter of the server's time, and the device's clock may be wrong by years.
 */
export class ServerClock {
  readonly #store: Store;
  #newest: { serverMs: number; elapsedMs: () => number } | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param at time of an event that the server has sent, or stored, just now */
  observe(at: string): void {
    const serverMs = Date.parse(at);
    if (Number.isNaN(serverMs)) return;
    // An event takes some time to arrive: the latest estimate is the best one.
    if (this.#newest !== undefined && serverMs < this.#newest.serverMs + this.#newest.elapsedMs()) return;
    this.#newest = { serverMs, elapsedMs: startTimer() };
    const offsetMs = serverMs - Date.now();
    const { clockOffsetMs } = this.#store.getState();
    if (Math.abs(offsetMs - clockOffsetMs) > TOLERANCE_MS) this.#store.dispatch({ type: 'clock', offsetMs });
  }
}
