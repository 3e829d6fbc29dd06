import { expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { startServer } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { Inspector } from './support/inspector.js';
import { startTwo } from './support/twoServers.js';
import { showPresence } from '../support/presence.js';

test('a message sent on one process is received on the other, once and in order, by the recipient and the sender’s other device', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const [phone, tablet, bob, eve] = await Promise.all([
    a.connectAs('ann'),
    b.connectAs('ann'),
    b.connectAs('bob'),
    b.connectAs('eve'),
  ]);
  const conversationId = await phone.open('bob');
  expect((await bob.next('conversation:created')).conversation._id).toBe(conversationId);
  const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
  await Promise.all(texts.map((text) => phone.send(conversationId, text)));
  for (const client of [tablet, bob]) {
    await client.next('message:new', ({ seq }) => seq === 50);
    expect(client.pushes('message:new').map(({ content }) => content)).toEqual(texts);
  }
  await bob.ok('message:read', { conversationId, seq: 50 });
  await phone.next('message:status', ({ userId, readSeq }) => userId === 'bob' && readSeq === 50);
  await bob.ok('typing', { conversationId, typing: true });
  await phone.next('typing', ({ userId }) => userId === 'bob');
  expect(phone.pushes('message:new')).toEqual([]);
  expect(eve.heard).toEqual([]);
});

test('a status names its message on the other process, in a chat and in a group with a blocked sender', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const [ann, tablet, bob, phone, cid] = await Promise.all([
    a.connectAs('ann'),
    b.connectAs('ann'),
    b.connectAs('bob'),
    a.connectAs('bob'),
    a.connectAs('cid'),
  ]);
  const say = (client: TestClient, conversationId: string) =>
    client.ok('sendMessage', { conversationId, content: 'hello', clientMessageId: crypto.randomUUID() });
  const chat = await ann.open('bob');
  const { _id: messageId, seq } = await say(ann, chat);
  await bob.next('message:new', (message) => message._id === messageId);
  for (const status of ['delivered', 'read'] as const) {
    const answer = await bob.ok(`message:${status}`, { conversationId: chat, seq });
    expect(answer).toMatchObject({ status, messageId });
    const { unreadCount: _unread, ...shared } = answer;
    const isIt = (one: { status: string }): boolean => one.status === status;
    expect(await phone.next('message:status', isIt)).toEqual(answer);
    for (const client of [ann, tablet]) expect(await client.next('message:status', isIt)).toEqual(shared);
  }
  const { conversation } = await ann.ok('createGroup', { name: 'us', participants: ['bob', 'cid'] });
  const conversationId = conversation._id;
  const before = await say(ann, conversationId);
  await ann.ok('blockUser', { userId: 'cid', blocked: true });
  const hidden = await say(cid, conversationId);
  await bob.next('message:new', ({ _id }) => _id === hidden._id);
  await bob.ok('message:read', { conversationId, seq: hidden.seq });
  const isRead = (one: { conversationId: string; userId: string }): boolean =>
    one.conversationId === conversationId && one.userId === 'bob';
  for (const client of [ann, tablet]) {
    expect(await client.next('message:status', isRead)).toMatchObject({ messageId: before._id });
  }
  expect(await cid.next('message:status', isRead)).toMatchObject({ messageId: hidden._id });
});

test('presence is of all processes: two devices on two of them, and a process that is killed', async () => {
  await using servers = await startTwo();
  const { a, b, redis } = servers;
  await using other = await ServerProcess.start({
    databaseName: a.databaseName,
    env: { REDIS_URL: redis.url },
  });
  const ann = await a.connectAs('ann');
  await ann.open('bob');
  await showPresence(a, 'ann', 'bob');
  expect((await ann.ok('presence:watch', { userIds: ['bob'] })).presences).toEqual([
    { userId: 'bob', status: 'offline' },
  ]);
  const phone = await b.connectAs('bob');
  await ann.next('presence', ({ status }) => status === 'online');
  await other.connectAs('bob');
  await using inspector = new Inspector(redis.url, a.databaseName);
  await until(() => inspector.hasOnline('bob', 2), { what: 'bob on two processes' });
  phone.close();
  await until(() => inspector.hasOnline('bob', 1), { what: 'bob on one process' });
  const isOffline = (): boolean => ann.pushes('presence').some(({ status }) => status === 'offline');
  // Still online with the other device: other processes return this, and no one was notified otherwise.
  const carl = await b.connectAs('ann');
  expect((await carl.ok('presence:watch', { userIds: ['bob'] })).presences).toMatchObject([
    { status: 'online' },
  ]);
  expect(isOffline()).toBe(false);
  await other.kill();
  for (const watcher of [ann, carl]) {
    await watcher.next('presence', ({ status }) => status === 'offline');
  }
});

test('tokens revoked on one process close the sockets on the other, and stop its pushes (promise 6)', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const [ann, bob] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
  const conversationId = await ann.open('bob');
  const ended = new Promise((resolve) => bob.socket.once('disconnect', resolve));
  expect(await a.api('bob').post('/api/users/me/revoke-tokens', {})).toMatchObject({ status: 200 });
  expect(await ended).toBe('io server disconnect');
  const heard = bob.pushes('message:new').length;
  await ann.send(conversationId, 'not for an ended session');
  expect(bob.pushes('message:new')).toHaveLength(heard);
});

test('servers of two databases that share a Redis do not receive each other’s events', async () => {
  await using servers = await startTwo();
  await using stranger = await startServer({ env: { REDIS_URL: servers.redis.url } });
  const [ann, bob, otherBob] = await Promise.all([
    servers.a.connectAs('ann'),
    servers.b.connectAs('bob'),
    stranger.connectAs('bob'),
  ]);
  await otherBob.open('ann');
  const conversationId = await ann.open('bob');
  await ann.send(conversationId, 'hello');
  await bob.next('message:new');
  await showPresence(servers.a, 'ann', 'bob');
  expect(otherBob.pushes('message:new')).toEqual([]);
  bob.close();
  await until(
    async () => (await ann.ok('presence:watch', { userIds: ['bob'] })).presences[0]?.status === 'offline',
    {
      what: 'the one bob gone, though the other one is there',
    },
  );
});
