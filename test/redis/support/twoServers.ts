import { RedisServer } from '../../support/redisServer.js';
import { TcpProxy } from '../../support/tcpProxy.js';
import { newDatabaseName, startServer, type TestServer } from '../../support/server.js';

/** Two servers on one database and one Redis. Use with `await using`. */
export interface TwoServers extends AsyncDisposable {
  a: TestServer;
  b: TestServer;
  redis: RedisServer;
}

/** Starts both servers. @param ofA environment of the first one only, such as a proxy before its Redis. */
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

/** Starts both servers, with a proxy between the first one and Redis. */
export async function startTwoWithProxy(): Promise<TwoServers & { proxy: TcpProxy }> {
  const proxies: TcpProxy[] = [];
  const servers = await startTwo(async (redis) => {
    const proxy = await TcpProxy.start(redis.port);
    proxies.push(proxy);
    return { REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
  });
  const [proxy] = proxies;
  if (proxy === undefined) throw new Error('there is no proxy');
  return {
    ...{ a: servers.a, b: servers.b, redis: servers.redis, proxy },
    [Symbol.asyncDispose]: async () => {
      await servers[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
