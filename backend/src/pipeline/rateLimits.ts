import type { Redis } from 'ioredis';
import type { BucketName } from '../../../contract/index.js';
import { rateLimited } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { RateCounter } from './rateCounter.js';
import type { RateRules } from './rateRules.js';
import { RedisHealth } from './redisHealth.js';

/** Added to `retryAfterMs`, in ms: a client timer that fires slightly early must not be refused again. */
const RETRY_MARGIN_MS = 5;

export interface RateLimitsDeps {
  rules: RateRules;
  /** Counts limits over all processes. Without it, each process counts for itself. */
  redis: Redis | undefined;
  /** Prefix of the keys in Redis, because servers of different databases may share one Redis. */
  namespace: string;
  metrics: Pick<Metrics, 'rateLimited'>;
  logger: Logger;
}

interface Bucket {
  rate: RateCounter;
  burst: RateCounter | undefined;
}

/**
 * Rate limits per bucket and key (a user id or a remote address). Calls are counted atomically before their work, in
 * windows that begin with the first call. A call over the limit changes nothing. While Redis is unavailable, each
 * process counts for itself.
 */
export class RateLimits {
  readonly #buckets = new Map<BucketName, Bucket>();
  readonly #metrics: Pick<Metrics, 'rateLimited'>;

  constructor({ rules, redis, namespace, metrics, logger }: RateLimitsDeps) {
    this.#metrics = metrics;
    const health = redis && new RedisHealth(redis, logger);
    for (const [name, rule] of Object.entries(rules ?? {})) {
      const keyPrefix = `parley:${namespace}:rate:${name}`;
      this.#buckets.set(name as BucketName, {
        rate: new RateCounter(rule, keyPrefix, health),
        burst: rule.burst && new RateCounter(rule.burst, `${keyPrefix}+`, health),
      });
    }
  }

  /**
   * Counts one call.
   *
   * @param key the user id of a verified token, or a remote address. Never a value that the client chooses.
   * @throws AppError `RATE_LIMITED`, with `retryAfterMs`.
   */
  async consume(name: BucketName, key: string): Promise<void> {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return;
    const waitMs = await bucket.rate.take(key);
    if (waitMs === undefined) return;
    const burstWaitMs = bucket.burst === undefined ? waitMs : await bucket.burst.take(key);
    if (burstWaitMs === undefined) return;
    this.#metrics.rateLimited.inc({ bucket: name });
    throw rateLimited(`Too many calls (${name}).`, Math.min(waitMs, burstWaitMs) + RETRY_MARGIN_MS);
  }

  /** Counts `count` calls at once. @returns how many of them are allowed, including those from the burst reserve. */
  async takeSome(name: BucketName, key: string, count: number): Promise<number> {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return count;
    const allowed = await bucket.rate.takeSome(key, count);
    const excess = count - allowed;
    const fromBurst = excess > 0 && bucket.burst ? await bucket.burst.takeSome(key, excess) : 0;
    if (excess > fromBurst) this.#metrics.rateLimited.inc({ bucket: name });
    return allowed + fromBurst;
  }
}
