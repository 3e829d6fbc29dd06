import { v4 as uuid } from 'uuid';
import type { Peers } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { connectRedis, type RedisConnection } from './connection.js';
import { createRedisKeys } from './keys.js';
import { RedisBus } from './redisBus.js';
import { RedisPresence } from './redisPresence.js';
import { RedisWindowCache } from './redisWindowCache.js';

/** Everything that processes share through Redis. */
export interface RedisPeers extends Peers {
  redis: RedisConnection;
  windows: RedisWindowCache;
}

/** Connects this process to the others. Redis may be away: everything joins in as soon as it is there. */
export async function joinRedis(
  url: string,
  { databaseName, metrics, logger }: { databaseName: string; metrics: Metrics; logger: Logger },
): Promise<RedisPeers> {
  const redis = await connectRedis(url, {
    ...{ processId: uuid(), keys: createRedisKeys(databaseName), logger },
  });
  metrics.registry.registerMetric(metrics.redisUp);
  metrics.redisUp.set(0);
  redis.onUp(() => metrics.redisUp.set(1));
  redis.onDown(() => metrics.redisUp.set(0));
  const bus = new RedisBus({ redis, metrics, logger });
  const presence = new RedisPresence(redis, logger);
  const close = async (): Promise<void> => {
    await bus.close();
    await presence.close();
    await redis.close();
  };
  return { redis, bus, presence, windows: new RedisWindowCache(redis, logger), close };
}
