import { vi } from 'vitest';
import { promiseBus } from './bus.js';
import { promisePresence } from './presence.js';
import { RedisProcesses } from './support/redisProcesses.js';

vi.setConfig({ testTimeout: 60_000 });

promiseBus('redis', async (count) => {
  const redis = await RedisProcesses.start(count);
  return {
    buses: redis.peers.map(({ bus }) => bus),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
});

promisePresence('redis', async (count) => {
  const redis = await RedisProcesses.start(count);
  return {
    stores: redis.peers.map(({ presence }) => presence),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
});
