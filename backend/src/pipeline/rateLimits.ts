import type { Redis } from 'ioredis';
import type { BucketName } from '../../../contract/index.js';
import { rateLimited } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { RateCounter } from './rateCounter.js';
import type { RateRules } from './rateRules.js';
import { RedisHealth } from './redisHealth.js';

/** Timers may fire a moment early: whoever waits as long as told should not be told again. In ms. */
const RETRY_MARGIN_MS = 5;

export interface RateLimitsParts {
  rules: RateRules;
  /** Where limits are counted over all processes; without it each process counts for itself. */
  redis: Redis | undefined;
  /** Before the keys in Redis: servers of different databases may share one. */
  namespace: string;
  metrics: Pick<Metrics, 'rateLimited'>;
  logger: Logger;
}

interface Bucket {
  rate: RateCounter;
  burst: RateCounter | undefined;
}

/**
 * How often each user, or address, may do each thing. Counted before the work, atomically, in windows that begin with
 * the first call; a call over the limit changes nothing. While Redis is away every process counts for itself.
 */
export class RateLimits {
  readonly #buckets = new Map<BucketName, Bucket>();
  readonly #metrics: Pick<Metrics, 'rateLimited'>;

  constructor({ rules, redis, namespace, metrics, logger }: RateLimitsParts) {
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
   * @param key who is counted: the user of a verified token, or a remote address; never what a client chooses.
   * @throws AppError `RATE_LIMITED`, with the time after which a call passes.
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
}
