import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { showPresence } from '../support/presence.js';

test('a watcher is notified when a user connects and disconnects, with the last-seen time', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await alice.open('bob');
  await showPresence(server, 'alice', 'bob');
  const first = await alice.ok('presence:watch', { userIds: ['bob'] });
  expect(first.presences).toEqual([{ userId: 'bob', status: 'offline' }]);
  const bob = await server.connectAs('bob');
  expect(await alice.next('presence', ({ status }) => status === 'online')).toEqual({
    userId: 'bob',
    status: 'online',
  });
  bob.close();
  const gone = await alice.next('presence', ({ status }) => status === 'offline');
  expect(gone.lastSeenAt).toMatch(/^\d{4}-/);
  const again = await alice.ok('presence:watch', { userIds: ['bob'] });
  expect(again.presences).toEqual([{ userId: 'bob', status: 'offline', lastSeenAt: gone.lastSeenAt }]);
});

test('a user with two devices is online until the last one is disconnected', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await alice.open('bob');
  await showPresence(server, 'alice', 'bob');
  const [phone, tablet] = [await server.connectAs('bob'), await server.connectAs('bob')];
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toMatchObject([
    { status: 'online' },
  ]);
  phone.close();
  // After a round trip of the other device, the server has handled the end of the first one.
  await tablet.ok('getConversations', {});
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toMatchObject([
    { status: 'online' },
  ]);
  tablet.close();
  await alice.next('presence', ({ status }) => status === 'offline');
  expect(alice.pushes('presence')).toHaveLength(1);
});

test('a stranger’s presence is not returned and not pushed (promise 6)', async () => {
  await using server = await startServer();
  const [alice, eve] = [await server.connectAs('alice'), await server.connectAs('eve')];
  await alice.open('bob');
  await showPresence(server, 'alice', 'bob');
  expect((await eve.ok('presence:watch', { userIds: ['bob', 'alice', 'eve', 'nobody'] })).presences).toEqual(
    [],
  );
  await alice.ok('presence:watch', { userIds: ['bob'] });
  await server.connectAs('bob');
  await alice.next('presence');
  await eve.ok('getConversations', {});
  expect(eve.pushes('presence')).toEqual([]);
});

test('watching replaces the previous set', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await Promise.all([alice.open('bob'), alice.open('carol')]);
  await showPresence(server, 'alice', 'bob', 'carol');
  await alice.ok('presence:watch', { userIds: ['bob'] });
  await alice.ok('presence:watch', { userIds: ['carol'] });
  await server.connectAs('bob');
  await server.connectAs('carol');
  await alice.next('presence', ({ userId }) => userId === 'carol');
  expect(alice.pushes('presence').map(({ userId }) => userId)).toEqual(['carol']);
});

test('typing reaches the other member and no one else, not its author', async () => {
  await using server = await startServer();
  const [alice, bob, eve] = await Promise.all(['alice', 'bob', 'eve'].map((id) => server.connectAs(id)));
  if (!alice || !bob || !eve) throw new Error('three clients');
  const conversationId = await alice.open('bob');
  await alice.ok('typing', { conversationId, typing: true });
  expect(await bob.next('typing')).toMatchObject({ conversationId, userId: 'alice', typing: true });
  expect(await eve.call('typing', { conversationId, typing: true })).toMatchObject({
    success: false,
    code: 'NOT_PARTICIPANT',
  });
  await alice.ok('typing', { conversationId, typing: false });
  await bob.next('typing', ({ typing }) => !typing);
  expect(bob.pushes('typing').map(({ userId }) => userId)).toEqual(['alice', 'alice']);
  expect([...alice.pushes('typing'), ...eve.pushes('typing')]).toEqual([]);
});

test('typing ends with the connection that sent it, and with no other', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const phone = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  await phone.ok('typing', { conversationId, typing: true });
  await phone.ok('typing', { conversationId, typing: false });
  await alice.ok('typing', { conversationId, typing: true });
  phone.close();
  await bob.next('typing', ({ typing }) => typing);
  alice.close();
  await until(() => bob.pushes('typing').length === 4, { what: 'the end of the notice' });
  expect(bob.pushes('typing').map(({ typing }) => typing)).toEqual([true, false, true, false]);
});
