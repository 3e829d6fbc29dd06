import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';

test('a watcher hears somebody come and go, with when they were last seen', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await alice.open('bob');
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

test('somebody with two devices is online until the last one is gone', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await alice.open('bob');
  const [phone, tablet] = [await server.connectAs('bob'), await server.connectAs('bob')];
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toMatchObject([
    { status: 'online' },
  ]);
  phone.close();
  // A round trip of the other device shows that the server has handled the first one's end by then or will not.
  await tablet.ok('getConversations', {});
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toMatchObject([
    { status: 'online' },
  ]);
  tablet.close();
  await alice.next('presence', ({ status }) => status === 'offline');
  expect(alice.pushes('presence')).toHaveLength(1);
});

test('a stranger’s presence is not told, and does not come (invariant 6)', async () => {
  await using server = await startServer();
  const [alice, eve] = [await server.connectAs('alice'), await server.connectAs('eve')];
  await alice.open('bob');
  expect((await eve.ok('presence:watch', { userIds: ['bob', 'alice', 'eve', 'nobody'] })).presences).toEqual(
    [],
  );
  await alice.ok('presence:watch', { userIds: ['bob'] });
  await server.connectAs('bob');
  await alice.next('presence');
  await eve.ok('getConversations', {});
  expect(eve.pushes('presence')).toEqual([]);
});

test('watching replaces what was watched before', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await Promise.all([alice.open('bob'), alice.open('carol')]);
  await alice.ok('presence:watch', { userIds: ['bob'] });
  await alice.ok('presence:watch', { userIds: ['carol'] });
  await server.connectAs('bob');
  await server.connectAs('carol');
  await alice.next('presence', ({ userId }) => userId === 'carol');
  expect(alice.pushes('presence').map(({ userId }) => userId)).toEqual(['carol']);
});

test('typing reaches the other member and nobody else, not oneself', async () => {
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
