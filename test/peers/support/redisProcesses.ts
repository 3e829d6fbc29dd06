import { createLogger } from '../../../backend/src/utils/logger.js';
import { createMetrics } from '../../../backend/src/utils/metrics.js';
import { joinRedis, type RedisCluster } from '../../../backend/src/redis/index.js';
import { RedisServer } from '../../support/redisServer.js';

/** Redis buses and presence stores of several simulated processes, all in this process. Use with `await using`. */
export class RedisProcesses implements AsyncDisposable {
  private constructor(
    readonly redis: RedisServer,
    readonly peers: RedisCluster[],
  ) {}

  static async start(count: number): Promise<RedisProcesses> {
    const redis = await RedisServer.start();
    const logger = createLogger({ level: 'silent', pretty: false });
    const join = (): Promise<RedisCluster> =>
      joinRedis(redis.url, { databaseName: 'suite', metrics: createMetrics(), logger });
    return new RedisProcesses(redis, await Promise.all(Array.from({ length: count }, join)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.close()));
    await this.redis[Symbol.asyncDispose]();
  }
}
