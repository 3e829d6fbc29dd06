import { describe, expect, test } from 'vitest';
import { conversationId as idSchema, userId } from '../../contract/index.js';
import { newMessageId } from '../../backend/src/models/objectIds.js';
import type { MessageRecord } from '../../backend/src/models/messageModel.js';
import { connectRedis } from '../../backend/src/redis/connection.js';
import { createRedisKeys } from '../../backend/src/redis/keys.js';
import { RedisWindowCache } from '../../backend/src/redis/redisWindowCache.js';
import type { WindowCache } from '../../backend/src/services/ports.js';
import { MemoryWindowCache } from '../../backend/src/services/messages/windowCache.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';

const id = idSchema.parse('0123456789abcdef01234567');

const message = (content: string): MessageRecord => ({
  ...{ _id: newMessageId(), conversationId: id, seq: 1, n: 1, control: 0, content, kind: 'text' },
  ...{ senderId: userId.parse('ann'), clientMessageId: 'a', payloadHash: '', createdAt: new Date() },
});

async function open(where: 'memory' | 'redis'): Promise<{ cache: WindowCache } & AsyncDisposable> {
  if (where === 'memory') {
    return { cache: new MemoryWindowCache(), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const server = await RedisServer.start();
  const logger = createLogger({ level: 'silent', pretty: false });
  const redis = await connectRedis(server.url, { processId: 'p', keys: createRedisKeys('copies'), logger });
  await until(() => redis.isUp);
  return {
    cache: new RedisWindowCache(redis, logger),
    [Symbol.asyncDispose]: async () => {
      await redis.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe.each(['memory', 'redis'] as const)('a copy of the newest messages, kept in %s', (where) => {
  const textOf = async (cache: WindowCache) => (await cache.read(id))?.messages.map(({ content }) => content);

  test('says as of which change it is, and comes back as it was', async () => {
    await using opened = await open(where);
    const copy = { rev: 3, messages: [message('hello')] };
    opened.cache.write(id, copy);
    expect(await opened.cache.read(id)).toEqual(copy);
  });

  test('from before a deletion is neither found nor kept, however late it is written', async () => {
    await using opened = await open(where);
    const { cache } = opened;
    cache.write(id, { rev: 3, messages: [message('secret')] });
    await cache.remove(id, 4);
    expect(await textOf(cache)).toBeUndefined();
    cache.write(id, { rev: 3, messages: [message('secret')] });
    expect(await textOf(cache)).toBeUndefined();
    cache.write(id, { rev: 4, messages: [message('later')] });
    expect(await textOf(cache)).toEqual(['later']);
    // A process that was slow to say so takes nothing away that is newer.
    await cache.remove(id, 3);
    expect(await textOf(cache)).toEqual(['later']);
  });
});
