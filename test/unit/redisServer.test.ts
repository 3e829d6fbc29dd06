import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { RedisServer } from '../support/redisServer.js';

test('the Redis of the tests answers, loses its data when killed, and restarts on its port', async () => {
  await using server = await RedisServer.start();
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  try {
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
    await server.kill();
    await server.restart();
    expect(await redis.get('key')).toBeNull();
  } finally {
    redis.disconnect();
  }
});
