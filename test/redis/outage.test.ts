import { expect, test } from 'vitest';
import { RedisServer } from '../support/redisServer.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { startTwo, startTwoWithProxy } from './support/twoServers.js';
import { showPresence } from '../support/presence.js';

const TIMEOUT_MS = 60_000;

async function readiness(server: TestServer): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/health/ready`);
  return { status: response.status, body: await response.json() };
}

const untilBus = (server: TestServer, state: 'ok' | 'unavailable') =>
  until(
    async () => {
      const { body } = await readiness(server);
      return (body as { components: { bus: string } }).components.bus === state;
    },
    { what: `a bus that is ${state}` },
  );

test.each(['killed', 'paused'] as const)(
  'while Redis is %s sends and history still work, readiness reports it, and everything recovers by itself',
  { timeout: TIMEOUT_MS },
  async (fault) => {
    await using servers = await startTwo();
    const { a, b, redis } = servers;
    const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
    const conversationId = await ann.open('bob');
    await ann.send(conversationId, 'before');
    await bob.next('message:new', ({ content }) => content === 'before');

    if (fault === 'killed') await redis.kill();
    else redis.pause();
    await Promise.all([untilBus(a, 'unavailable'), untilBus(b, 'unavailable')]);
    expect(await readiness(a)).toMatchObject({
      status: 200,
      body: { status: 'degraded', missing: ['bus'] },
    });
    expect(await ann.send(conversationId, 'meanwhile')).toMatchObject({ success: true, data: { seq: 2 } });
    // Not pushed live, but returned when requested.
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).toEqual(['before', 'meanwhile']);
    const annsOther = await a.connectAs('ann');
    await annsOther.ok('getConversations', {});
    await ann.send(conversationId, 'for the other device');
    await annsOther.next('message:new', ({ seq }) => seq === 3);

    if (fault === 'killed') await redis.restart();
    else redis.resume();
    await Promise.all([untilBus(a, 'ok'), untilBus(b, 'ok')]);
    expect(await readiness(b)).toMatchObject({ status: 200, body: { status: 'ok', missing: [] } });
    await bob.next('sync:advised');
    await ann.send(conversationId, 'after');
    await bob.next('message:new', ({ content }) => content === 'after');
  },
);

test(
  'a server starts without its Redis and connects when it is available',
  { timeout: TIMEOUT_MS },
  async () => {
    await using redis = await RedisServer.start();
    await redis.kill();
    const databaseName = newDatabaseName();
    const env = { REDIS_URL: redis.url };
    await using a = await startServer({ databaseName, env });
    await using b = await startServer({ databaseName, env });
    const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
    const conversationId = await ann.open('bob');
    expect((await readiness(a)).body).toMatchObject({ status: 'degraded' });
    await redis.restart();
    await Promise.all([untilBus(a, 'ok'), untilBus(b, 'ok')]);
    await ann.send(conversationId, 'hello');
    await bob.next('message:new', ({ content }) => content === 'hello');
  },
);

test('presence is correct again after Redis returned empty', { timeout: TIMEOUT_MS }, async () => {
  await using servers = await startTwo();
  const { a, b, redis } = servers;
  const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
  await ann.open('bob');
  await showPresence(a, 'ann', 'bob', 'carol');
  await ann.ok('presence:watch', { userIds: ['bob'] });
  await redis.kill();
  await untilBus(b, 'unavailable');
  bob.close();
  const carol = await b.connectAs('carol');
  await carol.open('ann');
  await redis.restart();
  await Promise.all([untilBus(a, 'ok'), untilBus(b, 'ok')]);
  // Left unheard: put right by reading again.
  await ann.next('presence', ({ userId, status }) => userId === 'bob' && status === 'offline');
  await until(
    async () => (await ann.ok('presence:watch', { userIds: ['carol'] })).presences[0]?.status === 'online',
    { what: 'carol, entered again' },
  );
});

test(
  'when only one process lost Redis, the clients of the others are asked to sync, too',
  { timeout: TIMEOUT_MS },
  async () => {
    await using servers = await startTwoWithProxy();
    const { a, b, proxy } = servers;
    const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
    const conversationId = await ann.open('bob');
    proxy.cut();
    await untilBus(a, 'unavailable');
    await ann.send(conversationId, 'unheard');
    proxy.pass();
    await untilBus(a, 'ok');
    await bob.next('sync:advised');
    const { conversations } = await bob.ok('sync', {});
    expect(conversations.map(({ lastSeq }) => lastSeq)).toEqual([1]);
    expect(await b.metric('parley_bus_gaps_total')).toBe(1);
  },
);

test('a packet that is lost between processes shows within seconds', { timeout: TIMEOUT_MS }, async () => {
  await using servers = await startTwoWithProxy();
  const { a, b, proxy } = servers;
  const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
  const conversationId = await ann.open('bob');
  await ann.send(conversationId, 'first');
  await bob.next('message:new', ({ seq }) => seq === 1);
  const rule = proxy.watch('the lost one', 'cut', 1);
  await ann.send(conversationId, 'the lost one');
  const { head } = await bob.next('conversation:updated', ({ head }) => head.lastSeq === 2);
  expect(head).toEqual({ conversationId, lastSeq: 2, rev: 0 });
  expect(rule.hits).toBe(1);
  expect(bob.pushes('message:new').map(({ seq }) => seq)).toEqual([1]);
  expect(await b.metric('parley_bus_missed_pushes_total')).toBe(1);
  // Of what arrived nothing is repeated to clients: the next one is not followed by a head.
  await ann.send(conversationId, 'third');
  await bob.next('message:new', ({ seq }) => seq === 3);
  await ann.send(conversationId, 'fourth');
  await until(async () => (await a.metric('parley_bus_published_total')) >= 12, {
    what: 'repeated heads',
  });
  expect(bob.pushes('conversation:updated').filter(({ head }) => head.lastSeq > 2)).toEqual([]);
});
