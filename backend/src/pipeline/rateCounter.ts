import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../../../contract/index.js';
import type { RedisHealth } from './redisHealth.js';

/** Counts one rate limit for many keys: in Redis over all processes, or in this process while Redis is unavailable. */
export class RateCounter {
  readonly #rate: Rate;
  readonly #local: RateLimiterMemory;
  readonly #shared: RateLimiterRedis | undefined;

  constructor(
    rate: Rate,
    keyPrefix: string,
    readonly health: RedisHealth | undefined,
  ) {
    this.#rate = rate;
    const options = { keyPrefix, points: rate.points, duration: rate.perSeconds };
    this.#local = new RateLimiterMemory(options);
    this.#shared =
      health &&
      new RateLimiterRedis({
        ...options,
        storeClient: health.redis,
        rejectIfRedisNotReady: true,
        // A key over its limit is refused from memory until the window ends, so that a flood does not reach Redis.
        inMemoryBlockOnConsumed: rate.points,
      });
  }

  /** Counts one call. @returns undefined when it is allowed, otherwise the ms until the next call is allowed. */
  async take(key: string): Promise<number | undefined> {
    const shared = this.#shared;
    if (shared !== undefined && this.health?.isUsable() === true) {
      const outcome = await this.health.ask(() => awaitOutcome(shared.consume(key)));
      if (outcome !== undefined) return this.#retryAfterMs(outcome);
    }
    return this.#retryAfterMs(await awaitOutcome(this.#local.consume(key)));
  }

  /** Counts `count` calls at once. @returns how many of them are allowed. */
  async takeSome(key: string, count: number): Promise<number> {
    const shared = this.#shared;
    if (shared !== undefined && this.health?.isUsable() === true) {
      const outcome = await this.health.ask(() => awaitOutcome(shared.consume(key, count)));
      if (outcome !== undefined) return this.#allowedOf(outcome, count);
    }
    return this.#allowedOf(await awaitOutcome(this.#local.consume(key, count)), count);
  }

  /**
   * Returns how many of `count` calls are within the limit, computed from the total of the window. A total of 0 means
   * that the limiter refused from memory: none is allowed.
   */
  #allowedOf({ isAllowed, consumed }: Outcome, count: number): number {
    if (isAllowed) return count;
    const before = consumed === 0 ? Infinity : consumed - count;
    return Math.max(0, this.#rate.points - before);
  }

  #retryAfterMs({ isAllowed, msBeforeNext }: Outcome): number | undefined {
    return isAllowed
      ? undefined
      : Math.min(Math.max(Math.ceil(msBeforeNext), 1), this.#rate.perSeconds * 1_000);
  }
}

interface Outcome {
  isAllowed: boolean;
  /** Until the window ends, in ms. */
  msBeforeNext: number;
  /** Points counted in this window, including these calls. It is 0 when the limiter refuses from memory. */
  consumed: number;
}

/** Awaits a limiter. Limiters refuse by rejecting with a `RateLimiterRes`. @throws any other rejection. */
async function awaitOutcome(consumption: Promise<RateLimiterRes>): Promise<Outcome> {
  try {
    const { msBeforeNext, consumedPoints } = await consumption;
    return { isAllowed: true, msBeforeNext, consumed: consumedPoints };
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const { msBeforeNext, consumedPoints } = error;
    return { isAllowed: false, msBeforeNext, consumed: consumedPoints };
  }
}
