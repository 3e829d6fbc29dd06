import { testBus } from './bus.js';
import { testPresence } from './presence.js';
import { RedisProcesses } from './support/redisProcesses.js';

testBus('redis', async (count) => {
  const redis = await RedisProcesses.start(count);
  return {
    buses: redis.peers.map(({ bus }) => bus),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
});

testPresence('redis', async (count) => {
  const redis = await RedisProcesses.start(count);
  return {
    stores: redis.peers.map(({ presence }) => presence),
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
});
