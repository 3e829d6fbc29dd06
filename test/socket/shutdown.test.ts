import { expect, test } from 'vitest';
import { messagesOf } from '../support/messages.js';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { showPresence } from '../support/presence.js';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('commands in progress are answered, later ones are UNAVAILABLE, and exactly the acknowledged messages are stored (promise 5)', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await alice.open('bob');
  const sends = range(300).map((index) => alice.send(conversationId, `text ${index}`, `m-${index}`));
  await bob.next('message:new');

  const closing = server.app.close();
  const late = await alice.send(conversationId, 'too late', 'late');
  expect(late).toMatchObject({
    success: false,
    code: 'UNAVAILABLE',
    clientMessageId: 'late',
    retryAfterMs: expect.any(Number) as number,
  });
  const answers = await Promise.all(sends);
  await closing;

  const stored = answers.flatMap((answer) => (answer.success ? [answer.data.clientMessageId] : []));
  for (const answer of answers) if (!answer.success) expect(answer.code).toBe('UNAVAILABLE');
  await using successor = await startServer({ databaseName: server.databaseName });
  const client = await successor.connectAs('bob');
  const seen: string[] = [];
  for (let after = 0; ; after += 200) {
    const page = await client.ok('getMessages', { conversationId, after, limit: 200 });
    seen.push(...messagesOf(page).map(({ clientMessageId }) => clientMessageId));
    if (!page.hasMore) break;
  }
  expect(seen.toSorted()).toEqual(stored.toSorted());
  // A refused message can be sent again with its id.
  const again = await (await successor.connectAs('alice')).send(conversationId, 'too late', 'late');
  expect(again).toMatchObject({ success: true, data: { duplicate: false, seq: stored.length + 1 } });
});

test('reads and new conversations in progress are answered too, over sockets and over HTTP', async () => {
  await using direct = await startServer();
  await using proxy = await TcpProxy.start(direct.app.models.conversations.model.db.port);
  await using server = await startServer({ mongoUri: proxy.mongoUri });
  const alice = await server.connectAs('alice');
  await alice.ok('getConversations', {});
  // A slow database, so that commands are in progress when the server is stopped.
  proxy.delay(40);
  const calls = [
    ...range(20).map(() => alice.call('getConversations', {})),
    ...range(20).map((index) => alice.call('getOrCreateDirect', { otherUserId: `bob-${index}` })),
    ...range(20).map(() => alice.call('sync', {})),
  ];
  const requests = range(5).map(() => server.api('alice').get('/api/conversations'));
  await Promise.race(requests);
  await server.app.close();
  const answers = await Promise.all(calls);
  for (const answer of answers) if (!answer.success) expect(answer.code).toBe('UNAVAILABLE');
  for (const { status } of await Promise.all(requests)) expect([200, 503]).toContain(status);
});

test('every client is told to reconnect, each after a different time, before its connection ends', async () => {
  await using server = await startServer();
  const clients = await Promise.all(range(20).map((index) => server.connectAs(`user-${index}`)));
  await server.app.close();
  await until(() => clients.every(({ socket }) => !socket.connected));
  const goodbyes = clients.map((client) => client.pushes('server:draining'));
  for (const goodbye of goodbyes) {
    expect(goodbye).toMatchObject([
      { code: 'UNAVAILABLE', reconnect: true, afterMs: expect.any(Number) as number },
    ]);
  }
  expect(new Set(goodbyes.map(([goodbye]) => goodbye?.afterMs)).size).toBeGreaterThan(5);
});

test('reported positions and last-seen times are stored', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await alice.open('bob');
  await alice.send(conversationId, 'hello');
  await bob.ok('message:read', { conversationId, seq: 1 });
  await showPresence(server, 'alice', 'bob');
  await server.app.close();
  await using successor = await startServer({ databaseName: server.databaseName });
  const back = await successor.connectAs('alice');
  const { conversation } = await back.ok('getConversation', { conversationId });
  expect(conversation).toMatchObject({ lastSeq: 1, lastMessage: { status: 'read' } });
  expect(await back.ok('presence:watch', { userIds: ['bob'] })).toEqual({
    presences: [{ userId: 'bob', status: 'offline', lastSeenAt: expect.stringMatching(/^\d{4}-/) as string }],
  });
});

test('closing twice has the effect of closing once, and nothing listens afterwards', async () => {
  await using server = await startServer();
  await Promise.all([server.app.close(), server.app.close()]);
  await server.app.close();
  await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
});
