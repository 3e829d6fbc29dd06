import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { Inspector } from './support/inspector.js';
import { startTwo } from './support/twoServers.js';

test('what is sent on one process is heard on the other, once and in order, by the recipient and by the sender’s other device', async () => {
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

test('presence is of all processes: two devices on two of them, and a process that is killed', async () => {
  await using servers = await startTwo();
  const { a, b, redis } = servers;
  await using other = await ServerProcess.start({
    databaseName: a.databaseName,
    env: { REDIS_URL: redis.url },
  });
  const ann = await a.connectAs('ann');
  await ann.open('bob');
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
  // Still there by the other device: whoever asks another process is told so, and nobody heard otherwise.
  const carl = await b.connectAs('ann');
  expect((await carl.ok('presence:watch', { userIds: ['bob'] })).presences).toMatchObject([
    { status: 'online' },
  ]);
  expect(isOffline()).toBe(false);
  await other.kill();
  for (const watcher of [ann, carl]) {
    await watcher.next('presence', ({ status }) => status === 'offline', 15_000);
  }
});

test('tokens revoked on one process end the sockets of the other, and its pushes (invariant 6)', async () => {
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

test('servers of two databases that share a Redis do not hear each other', async () => {
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
  expect(otherBob.pushes('message:new')).toEqual([]);
  bob.close();
  await until(
    async () => (await ann.ok('presence:watch', { userIds: ['bob'] })).presences[0]?.status === 'offline',
    {
      what: 'the one bob gone, though the other one is there',
    },
  );
});
