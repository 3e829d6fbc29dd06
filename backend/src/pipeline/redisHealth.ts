import type { Redis } from 'ioredis';
import { monotonicMs } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';

/** No command waits longer than this for Redis, in ms. */
const ANSWER_WITHIN_MS = 100;
/** After Redis has failed to answer, it is left alone for this long, in ms: commands neither wait nor pile up in its client. */
const REST_MS = 1_000;

/** Asks a Redis that may be away, silent or full, without ever making a command wait for it for long. */
export class RedisHealth {
  #restsUntilMs = 0;

  constructor(
    readonly redis: Redis,
    readonly logger: Logger,
  ) {}

  isUsable(): boolean {
    return this.redis.status === 'ready' && monotonicMs() >= this.#restsUntilMs;
  }

  /** @returns undefined when it has not answered in time, or with an error. */
  async ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(ANSWER_WITHIN_MS, question());
    } catch (error) {
      // A connection that is just being lost fails all that is under way: one line for them is enough.
      if (this.isUsable())
        this.logger.warn({ err: error }, 'Redis does not answer: limits count per process');
      this.#restsUntilMs = monotonicMs() + REST_MS;
      return undefined;
    }
  }
}

/**
 * Waits for an answer until the time is over. A process that was busy itself for that long first looks whether the
 * answer has come in the meantime: then it is not Redis that was late.
 */
async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new Error(`no answer within ${timeoutMs} ms`));
    timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  });
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
