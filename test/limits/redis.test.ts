import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { parseRateRules } from '../../backend/src/pipeline/rateRules.js';
import { RateLimits } from '../../backend/src/pipeline/rateLimits.js';
import { AppError } from '../../backend/src/utils/appError.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { createMetrics } from '../../backend/src/utils/metrics.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';

/** Rate limits of one server process with its own Redis connection. */
class Process implements AsyncDisposable {
  readonly redis: Redis;
  readonly limits: RateLimits;

  constructor(url: string, text: string, namespace = 'parley') {
    this.redis = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: true,
      retryStrategy: () => 50,
    });
    this.redis.on('error', () => undefined);
    const rules = parseRateRules(text, { generous: false });
    if (typeof rules === 'string') throw new Error(rules);
    const logger = createLogger({ level: 'silent', pretty: false });
    this.limits = new RateLimits({ rules, redis: this.redis, namespace, metrics: createMetrics(), logger });
  }

  async ready(): Promise<this> {
    await until(() => this.redis.status === 'ready', { what: 'Redis' });
    return this;
  }

  /** Returns undefined when the call passes, otherwise the time to wait. */
  async call(userId: string): Promise<number | undefined> {
    try {
      await this.limits.consume('send', userId);
      return undefined;
    } catch (error) {
      if (error instanceof AppError && error.code === 'RATE_LIMITED') return error.retryAfterMs;
      throw error;
    }
  }

  /** Returns how many of `count` parallel calls pass. */
  async passed(userId: string, count: number): Promise<number> {
    const waits = await Promise.all(Array.from({ length: count }, () => this.call(userId)));
    return waits.filter((wait) => wait === undefined).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.redis.disconnect();
    return Promise.resolve();
  }
}

test('over two processes exactly the points of a limit pass, out of 200 parallel calls', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'send=30/60s').ready();
  await using two = await new Process(server.url, 'send=30/60s').ready();
  const [here, there] = await Promise.all([one.passed('alice', 100), two.passed('alice', 100)]);
  expect(here + there).toBe(30);
  expect(await one.passed('bob', 40)).toBe(30);
  expect(await two.passed('bob', 1)).toBe(0);
});

test('the reserve for bursts is shared, too, and servers of another database count separately', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'send=10/60s+5/60s').ready();
  await using two = await new Process(server.url, 'send=10/60s+5/60s').ready();
  await using other = await new Process(server.url, 'send=10/60s+5/60s', 'other').ready();
  const [here, there] = await Promise.all([one.passed('alice', 50), two.passed('alice', 50)]);
  expect(here + there).toBe(15);
  expect(await other.passed('alice', 50)).toBe(15);
});

test('of many points taken at once exactly those of the limit pass, over two processes', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'addStranger=30/3600s').ready();
  await using two = await new Process(server.url, 'addStranger=30/3600s').ready();
  const take = ({ limits }: Process, count: number) => limits.takeSome('addStranger', 'alice', count);
  const taken = await Promise.all([1, 2, 3, 4].flatMap(() => [take(one, 7), take(two, 4)]));
  expect(taken.reduce((sum, count) => sum + count, 0)).toBe(30);
  // The first process has cached that the limit is reached, and does not ask Redis.
  expect([await take(one, 5), await take(one, 100), await take(two, 1)]).toEqual([0, 0, 0]);
  expect(await one.limits.takeSome('addStranger', 'bob', 50)).toBe(30);
});

test('a call passes after the time given by Redis or this process', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'send=1/2s').ready();
  await using two = await new Process(server.url, 'send=1/2s').ready();
  for (const limits of [one, two]) {
    expect(await limits.call('alice')).toBeUndefined();
    const fromRedis = (await two.call('alice')) ?? 0;
    const fromMemory = (await two.call('alice')) ?? 0;
    expect(fromRedis).toBeGreaterThan(0);
    expect(fromMemory).toBeLessThanOrEqual(2_010);
    await new Promise((resolve) => setTimeout(resolve, Math.max(fromRedis, fromMemory) + 2));
  }
});

test('a user over the limit is refused from memory: a flood does not reach Redis', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'send=5/60s').ready();
  await one.passed('mallory', 10);
  const before = await commandsOf(one.redis);
  expect(await one.passed('mallory', 1_000)).toBe(0);
  // INFO itself, and at most a ping.
  expect((await commandsOf(one.redis)) - before).toBeLessThan(5);
});

async function commandsOf(redis: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
}

test('while Redis is down each process counts separately, and from its return on they count together again', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'send=10/60s').ready();
  await using two = await new Process(server.url, 'send=10/60s').ready();
  await server.kill();
  const [here, there] = await Promise.all([one.passed('alice', 50), two.passed('alice', 50)]);
  expect([here, there]).toEqual([10, 10]);
  await server.restart();
  await Promise.all([one.ready(), two.ready()]);
  // After a failed request Redis is not asked for a moment.
  await until(async () => {
    const user = crypto.randomUUID();
    await one.passed(user, 10);
    return (await two.passed(user, 1)) === 0;
  });
  const [a, b] = await Promise.all([one.passed('bob', 50), two.passed('bob', 50)]);
  expect(a + b).toBe(10);
});

test('a Redis that does not answer delays calls at most until the deadline, and only the first ones', async () => {
  await using server = await RedisServer.start();
  await using one = await new Process(server.url, 'send=10/60s').ready();
  await one.call('warm');
  server.pause();
  const startedMs = performance.now();
  expect(await one.passed('alice', 50)).toBe(10);
  for (let index = 0; index < 300; index += 1) await one.call('bob');
  // If each call waited for its 100 ms, it would take thirty seconds.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(await one.passed('bob', 10)).toBe(0);
  server.resume();
});
