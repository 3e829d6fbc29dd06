import { expect, test } from 'vitest';
import { Api } from '../support/api.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';

test('the server reports that it is alive and ready, with its components', async () => {
  await using server = await startServer();
  const live = await fetch(`${server.url}/health/live`);
  expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
  const ready = await fetch(`${server.url}/health/ready`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({
    status: 'ok',
    components: { database: 'ok', writer: 'ok', accepting: 'ok' },
    missing: [],
  });
});

test('the metrics contain the names that an operator watches', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  await alice.send(conversationId, 'counted');
  await server.api('alice').get('/api/conversations');
  const text = await (await fetch(`${server.url}/metrics`)).text();
  for (const line of [
    'parley_http_request_seconds_count{endpoint="listConversations",code="OK"} 1',
    'parley_socket_event_seconds_count{event="sendMessage",code="OK"} 1',
    'parley_create_or_get_seconds_count{created="true"} 1',
    'parley_conversation_duplicate_key_total 0',
    'parley_commit_batch_messages_count 1',
    'parley_open_sockets 1',
  ]) {
    expect(text).toContain(line);
  }
});

test('unknown paths, unreadable bodies and too large bodies are answered with a code', async () => {
  await using server = await startServer();
  const api = server.api('alice');
  expect(await api.get('/api/nothing')).toMatchObject({
    status: 404,
    body: { success: false, code: 'NOT_FOUND' },
  });
  expect(await api.post('/api/chats/create-or-get', '{"otherUserId": ')).toMatchObject({
    status: 400,
    body: { code: 'VALIDATION' },
  });
  expect(await api.post('/api/chats/create-or-get', { otherUserId: 'b'.repeat(200_000) })).toMatchObject({
    status: 413,
    body: { code: 'TOO_LARGE' },
  });
  const anonymous = new Api(server.url, undefined);
  expect(await anonymous.get('/api/conversations')).toMatchObject({
    status: 401,
    body: { code: 'UNAUTHENTICATED' },
  });
});

test('web pages of other origins are refused unless listed', async () => {
  await using server = await startServer({ env: { CORS_ORIGINS: 'https://app.example.com' } });
  const polling = (origin: string) =>
    fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
  expect((await polling('https://evil.example.com')).status).toBe(403);
  expect((await polling('https://app.example.com')).status).toBe(200);
  const headers = { origin: 'https://evil.example.com' };
  await expect(server.connectAs('alice', { headers })).rejects.toThrow();
  const listed = await server.connectAs('alice', { headers: { origin: 'https://app.example.com' } });
  expect(listed.socket.connected).toBe(true);
});

test('a shutdown answers commands in progress, announces itself, and writes everything (promise 5)', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await alice.open('bob');
  const sends = Array.from({ length: 200 }, (_, index) => alice.send(conversationId, `text ${index}`));
  await bob.next('message:new');
  const { models } = server.app;
  const [answers] = await Promise.all([
    Promise.allSettled(sends),
    server.app.close(),
    bob.next('server:draining', ({ reconnect, afterMs }) => reconnect && (afterMs ?? 0) > 0),
  ]);
  const acknowledged = answers.filter(({ status }) => status === 'fulfilled').length;
  expect(acknowledged).toBeGreaterThan(0);
  await until(() => !alice.socket.connected, { what: 'the end of the connection' });
  expect(models.conversations.model.db.readyState).toBe(0);
  await using successor = await startServer({ databaseName: server.databaseName });
  const page = await (await successor.connectAs('alice')).ok('getMessages', { conversationId, limit: 200 });
  expect(page.lastSeq).toBeGreaterThanOrEqual(acknowledged);
  expect(page.messages.map(({ seq }) => seq)).toEqual(page.messages.map((_, index) => index + 1));
  expect(await successor.app.models.processes.findAll()).toHaveLength(1);
});
