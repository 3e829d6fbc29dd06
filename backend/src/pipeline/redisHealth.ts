import type { Redis } from 'ioredis';
import { monotonicMs } from '../utils/clock.js';
import { withDeadline } from '../utils/deadline.js';
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
      return await withDeadline(
        question(),
        ANSWER_WITHIN_MS,
        () => new Error(`no answer within ${ANSWER_WITHIN_MS} ms`),
      );
    } catch (error) {
      // A connection that is just being lost fails all that is under way: one line for them is enough.
      if (this.isUsable())
        this.logger.warn({ err: error }, 'Redis does not answer: limits count per process');
      this.#restsUntilMs = monotonicMs() + REST_MS;
      return undefined;
    }
  }
}
