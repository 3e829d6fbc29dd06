import type { Redis } from 'ioredis';
import { monotonicMs } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';

/** Maximum time that a command waits for Redis, in ms. */
const ANSWER_WITHIN_MS = 100;
/** Pause after a failed request, in ms. During it no request is sent, so that none queues up in the Redis client. */
const PAUSE_MS = 1_000;

/** Sends requests to a Redis that may be unreachable, unresponsive or full. Limits how long a command waits for it. */
export class RedisHealth {
  #pausedUntilMs = 0;

  constructor(
    readonly redis: Redis,
    readonly logger: Logger,
  ) {}

  /** False while Redis is disconnected, and for `PAUSE_MS` after a failed request. */
  isUsable(): boolean {
    return this.redis.status === 'ready' && monotonicMs() >= this.#pausedUntilMs;
  }

  /** Sends a request. @returns undefined when it failed or was not answered within `ANSWER_WITHIN_MS`. */
  async ask<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(ANSWER_WITHIN_MS, request());
    } catch (error) {
      // A lost connection fails every pending request. Only the first of them is logged.
      if (this.isUsable())
        this.logger.warn({ err: error }, 'Redis does not answer: limits count per process');
      this.#pausedUntilMs = monotonicMs() + PAUSE_MS;
      return undefined;
    }
  }
}

/**
 * Rejects when `answer` has not settled after `timeoutMs`. When the timer fires, pending I/O is handled first
 * (`setImmediate`): if this process was busy, the answer may have arrived in time.
 */
async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new Error(`no answer within ${timeoutMs} ms`));
    timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
