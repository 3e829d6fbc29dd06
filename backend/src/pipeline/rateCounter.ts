import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../../../contract/index.js';
import type { RedisHealth } from './redisHealth.js';

/** One rate for many keys, counted in Redis over all processes or, while that is away, in this process. */
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
        // Who is over the limit is refused from memory until the window ends: a flood does not reach Redis.
        inMemoryBlockOnConsumed: rate.points,
      });
  }

  /** Counts one. @returns after how many ms one passes again, where this one does not. */
  async take(key: string): Promise<number | undefined> {
    const shared = this.#shared;
    if (shared !== undefined && this.health?.isUsable() === true) {
      const outcome = await this.health.ask(() => outcomeOf(shared.consume(key)));
      if (outcome !== undefined) return this.#waitOf(outcome);
    }
    return this.#waitOf(await outcomeOf(this.#local.consume(key)));
  }

  #waitOf({ passed, msBeforeNext }: Outcome): number | undefined {
    return passed ? undefined : Math.min(Math.max(Math.ceil(msBeforeNext), 1), this.#rate.perSeconds * 1_000);
  }
}

interface Outcome {
  passed: boolean;
  msBeforeNext: number;
}

/** The limiters answer "no" by rejecting with a result. @throws what else they reject with. */
async function outcomeOf(consuming: Promise<RateLimiterRes>): Promise<Outcome> {
  try {
    return { passed: true, msBeforeNext: (await consuming).msBeforeNext };
  } catch (error) {
    if (error instanceof RateLimiterRes) return { passed: false, msBeforeNext: error.msBeforeNext };
    throw error;
  }
}
