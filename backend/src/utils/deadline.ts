import { monotonicMs } from './clock.js';

/**
 * Waits for `work` for at most `timeoutMs`, then throws the error of `onTimeout`. The work itself continues: a write
 * with an unknown outcome must still be resolved.
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

interface PendingWait {
  expiresAtMs: number;
  giveUp: () => void;
}

/**
 * `withDeadline` for many waits of equal length. They expire in the order in which they start, so one timer serves them
 * all: at thousands of commands per second, a timer for each was a considerable part of the cost of a command.
 */
export class SharedDeadline {
  /** In order of expiry. */
  readonly #waiting = new Set<PendingWait>();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly timeoutMs: number) {}

  /** Like `withDeadline`. */
  race<T>(work: Promise<T>, onTimeout: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: PendingWait = {
        expiresAtMs: monotonicMs() + this.timeoutMs,
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
      const leftMs = waiting.expiresAtMs - monotonicMs();
      if (leftMs > 0) {
        this.#timer = this.#arm(leftMs);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.giveUp();
    }
  }
}
