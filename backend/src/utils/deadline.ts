import { monotonicMs } from './clock.js';

/**
 * Waits for `work` for at most `timeoutMs`; then throws what `onTimeout` makes. The work itself goes on: a write whose
 * outcome is unknown must still be brought to an end.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  timeoutMs: number,
  onTimeout: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(onTimeout()), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

interface Waiting {
  untilMs: number;
  giveUp: () => void;
}

/**
 * The same for many waits of one length: as they end in the order in which they begin, one timer serves them all. With
 * thousands of commands a second a timer for each was a good part of what a command cost.
 */
export class SharedDeadline {
  /** In the order in which they run out. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly timeoutMs: number) {}

  /** As `withDeadline`. */
  race<T>(work: Promise<T>, onTimeout: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        untilMs: monotonicMs() + this.timeoutMs,
        giveUp: () => reject(onTimeout()),
      };
      this.#waiting.add(waiting);
      if (this.#timer === undefined) this.#timer = this.#arm(this.timeoutMs);
      work.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  #arm(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#expire(), Math.max(1, delayMs)).unref();
  }

  #expire(): void {
    this.#timer = undefined;
    for (const waiting of this.#waiting) {
      const leftMs = waiting.untilMs - monotonicMs();
      if (leftMs > 0) {
        this.#timer = this.#arm(leftMs);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.giveUp();
    }
  }
}
