import { describe, expect, test } from 'vitest';
import { rawCollection } from '../contract/support/database.js';
import { RedisServer } from '../support/redisServer.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import type { TestClient } from '../support/client.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const seqsOf = async (client: TestClient, conversationId: string, limit?: number): Promise<number[]> =>
  (await client.ok('getMessages', { conversationId, ...(limit !== undefined && { limit }) })).messages.map(
    ({ seq }) => seq,
  );

async function hits(server: TestServer): Promise<number> {
  const metric = await server.app.metrics.windowReads.get();
  return metric.values.find(({ labels }) => labels.result === 'hit')?.value ?? 0;
}

describe.each(['memory', 'redis'] as const)('the recent window, kept in %s', (where) => {
  async function open() {
    const redis = where === 'redis' ? await RedisServer.start() : undefined;
    const env: Record<string, string> = redis === undefined ? {} : { REDIS_URL: redis.url };
    const databaseName = newDatabaseName();
    const a = await startServer({ databaseName, env });
    const b = await startServer({ databaseName, env });
    return {
      ...{ a, b, redis },
      [Symbol.asyncDispose]: async () => {
        for (const one of [a, b]) await one[Symbol.asyncDispose]();
        await redis?.[Symbol.asyncDispose]();
      },
    };
  }

  test('is never older than the log, whichever process wrote last (promise 8)', async () => {
    await using opened = await open();
    const { a, b } = opened;
    const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
    const conversationId = await ann.open('bob');
    await ann.send(conversationId, 'first');
    expect(await seqsOf(ann, conversationId)).toEqual([1]);
    for (const seq of range(40).map((n) => n + 1)) {
      const [writer, reader] = seq % 3 === 0 ? [ann, bob] : [bob, ann];
      await writer.send(conversationId, `message ${seq}`);
      expect(await seqsOf(reader, conversationId)).toEqual(range(seq));
      expect(await seqsOf(writer, conversationId, 5)).toEqual(range(seq).slice(-5));
    }
    expect(await hits(a)).toBeGreaterThan(20);
  });

  test('holds what is the same for every viewer: statuses and names are read again', async () => {
    await using opened = await open();
    const { a } = opened;
    const [ann, bob] = await Promise.all([a.connectAs('ann'), a.connectAs('bob')]);
    const conversationId = await ann.open('bob');
    await ann.send(conversationId, 'hello');
    const before = await ann.ok('getMessages', { conversationId });
    expect(before.messages[0]).toMatchObject({ status: 'sent', sender: { _id: 'ann' } });
    await bob.ok('message:read', { conversationId, seq: 1 });
    await a.api('ann').request('PATCH', '/api/users/me', { name: 'Ann' });
    const after = await ann.ok('getMessages', { conversationId });
    expect(after.messages[0]).toMatchObject({ status: 'read', sender: { _id: 'ann', name: 'Ann' } });
    expect(await hits(a)).toBe(1);
  });

  test('belongs to the current log: a window of a log that was replaced is not used', async () => {
    await using opened = await open();
    const { a } = opened;
    const ann = await a.connectAs('ann');
    const conversationId = await ann.open('bob');
    for (const n of range(3)) await ann.send(conversationId, `old ${n}`);
    expect(await seqsOf(ann, conversationId)).toEqual([1, 2, 3]);
    const messages = rawCollection(a, 'messages');
    const [first] = await messages.find({ seq: 1 }).toArray();
    await messages.deleteMany({ seq: { $gte: 1 } });
    const restored = range(3).map((seq) => ({
      ...first,
      _id: undefined,
      ...{ seq, n: seq, content: `new ${seq}`, clientMessageId: `r-${seq}` },
    }));
    await messages.insertMany(restored.map(({ _id: _unused, ...rest }) => rest));
    const page = await ann.ok('getMessages', { conversationId });
    expect(page.messages.map(({ content }) => content)).toEqual(['new 1', 'new 2', 'new 3']);
  });

  test('of a long conversation returns full pages of any size', async () => {
    await using opened = await open();
    const { a } = opened;
    const ann = await a.connectAs('ann');
    const conversationId = await ann.open('bob');
    await Promise.all(range(250).map((n) => ann.send(conversationId, `message ${n}`)));
    for (const limit of [undefined, 30, 100, 200, 1, 100]) {
      expect(await seqsOf(ann, conversationId, limit)).toEqual(range(250).slice(-(limit ?? 100)));
    }
    await Promise.all(range(150).map((n) => ann.send(conversationId, `later ${n}`)));
    expect(await seqsOf(ann, conversationId)).toEqual(range(400).slice(-100));
  });
});

test('is not used with MESSAGE_CACHE=off, with Redis or without', async () => {
  await using redis = await RedisServer.start();
  for (const env of [{ MESSAGE_CACHE: 'off' }, { MESSAGE_CACHE: 'off', REDIS_URL: redis.url }]) {
    await using server = await startServer({ env });
    const ann = await server.connectAs('ann');
    const conversationId = await ann.open('bob');
    await ann.send(conversationId, 'hello');
    for (let read = 0; read < 3; read += 1) expect(await seqsOf(ann, conversationId)).toEqual([1]);
    expect(await hits(server)).toBe(0);
  }
});
