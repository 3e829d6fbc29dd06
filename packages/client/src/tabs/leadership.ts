import type { TabLocks } from './ports.js';

export interface LeadershipDeps {
  locks: TabLocks;
  /** The lock that the leader holds. */
  name: string;
  onElected: () => void;
  /** Another tab has taken the lock away, because this one did not answer. */
  onDeposed: () => void;
  onError: (cause: unknown) => void;
}

/** Waits for the lock of a group of tabs and holds it: exactly one tab is elected, and another as soon as that one is gone. */
export class Leadership {
  readonly #deps: LeadershipDeps;
  #waiting: AbortController | undefined;
  #release: (() => void) | undefined;
  /** Numbers the requests: the end of an earlier one means nothing. */
  #request = 0;

  constructor(deps: LeadershipDeps) {
    this.#deps = deps;
  }

  /** Waits for its turn. */
  join(): void {
    this.#waiting = new AbortController();
    this.#ask({ signal: this.#waiting.signal });
  }

  /** Takes the lock from a leader that does not answer. */
  seize(): void {
    this.#stopWaiting();
    this.#ask({ steal: true });
  }

  leave(): void {
    this.#request += 1;
    this.#stopWaiting();
    this.#release?.();
    this.#release = undefined;
  }

  #stopWaiting(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  #ask(options: { signal: AbortSignal } | { steal: true }): void {
    this.#request += 1;
    const request = this.#request;
    const hold = (): Promise<void> => {
      // Left in the moment in which the lock was granted.
      if (request !== this.#request) return Promise.resolve();
      this.#waiting = undefined;
      return new Promise((resolve) => {
        this.#release = resolve;
        this.#deps.onElected();
      });
    };
    this.#deps.locks.request(this.#deps.name, options, hold).catch((error: unknown) => {
      if (request !== this.#request) return;
      const hasLed = this.#release !== undefined;
      this.#release = undefined;
      if (hasLed) this.#deps.onDeposed();
      else this.#deps.onError(error);
    });
  }
}
