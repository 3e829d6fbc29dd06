import { RedisServer } from '../../support/redisServer.js';
import { newDatabaseName, startServer, type TestServer } from '../../support/server.js';

/** Two servers on one database and one Redis. Use with `await using`. */
export interface TwoServers extends AsyncDisposable {
  a: TestServer;
  b: TestServer;
  redis: RedisServer;
}

/** @param ofA the environment of the first alone: perhaps a proxy before its Redis. */
export async function startTwo(
  ofA: (redis: RedisServer) => Promise<Record<string, string>> | Record<string, string> = () => ({}),
): Promise<TwoServers> {
  const redis = await RedisServer.start();
  const databaseName = newDatabaseName();
  const start = (env: Record<string, string> = {}): Promise<TestServer> =>
    startServer({ databaseName, env: { REDIS_URL: redis.url, ...env } });
  const a = await start(await ofA(redis));
  const b = await start();
  return {
    ...{ a, b, redis },
    [Symbol.asyncDispose]: async () => {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}
