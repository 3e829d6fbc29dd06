import { v4 as uuid } from 'uuid';
import type { Cluster } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { connectRedis, type RedisConnection } from './connection.js';
import { createRedisKeys } from './keys.js';
import { RedisBus } from './redisBus.js';
import { RedisPresence } from './redisPresence.js';
import { RedisWindowCache } from './redisWindowCache.js';

/** Adapters for everything that processes share through Redis. */
export interface RedisCluster extends Cluster {
  redis: RedisConnection;
  windows: RedisWindowCache;
}

/** Connects this process to the others. Redis may be unreachable: the adapters join as soon as it is back. */
export async function joinRedis(
  url: string,
  { databaseName, metrics, logger }: { databaseName: string; metrics: Metrics; logger: Logger },
): Promise<RedisCluster> {
  const redis = await connectRedis(url, {
    processId: uuid(),
    keys: createRedisKeys(databaseName),
    logger,
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
