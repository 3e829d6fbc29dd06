import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { createScene, everyone } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { startServer } from '../support/server.js';
import { showPresence } from '../support/presence.js';
import { until } from '../support/until.js';

const server = sharedServer();

test('a reload is no absence: a user who returns within the grace period was never offline', async () => {
  await using patient = await startServer({ env: { PRESENCE_GRACE_MS: '60000' } });
  const [alice, bob] = people('alice', 'bob');
  await openChat(patient, [alice, bob]);
  await showPresence(patient, alice, bob);
  const watcher = await patient.connectAs(alice);
  const first = await patient.connectAs(bob);
  await watcher.ok('presence:watch', { userIds: [bob] });
  first.close();
  const second = await patient.connectAs(bob);
  await caughtUp([watcher, second]);
  expect(watcher.pushes('presence')).toEqual([]);
  expect((await watcher.ok('presence:watch', { userIds: [bob] })).presences).toMatchObject([
    { status: 'online' },
  ]);
});

test('users who have exchanged messages may watch each other from then on', async () => {
  const [alice, bob] = people('alice', 'bob');
  const [client] = await Promise.all([server().connectAs(alice), server().connectAs(bob)]);
  const watch = async () => (await client.ok('presence:watch', { userIds: [bob] })).presences;
  expect(await watch()).toEqual([]);
  const conversationId = await openChat(server(), [alice, bob]);
  expect(await watch()).toEqual([]);
  await sendAs(server(), { conversationId, sender: alice });
  expect(await watch()).toEqual([]);
  await sendAs(server(), { conversationId, sender: bob });
  expect(await watch()).toEqual([{ userId: bob, status: 'online' }]);
});

test('users cannot watch themselves, and a repeated id counts once', async () => {
  const [alice, bob] = people('alice', 'bob');
  await openChat(server(), [alice, bob]);
  await showPresence(server(), alice, bob);
  const client = await server().connectAs(alice);
  const { presences } = await client.ok('presence:watch', { userIds: [bob, alice, bob, bob] });
  expect(presences).toEqual([{ userId: bob, status: 'offline' }]);
});

describe('a watch that has ended', () => {
  /** Two acquainted users who are online, and the statuses of the second that the first is told. */
  async function watching() {
    const [alice, bob] = people('alice', 'bob');
    const [watcher, watched] = [await server().connectAs(alice), await server().connectAs(bob)];
    const conversationId = await openChat(server(), [alice, bob]);
    for (const sender of [alice, bob]) await sendAs(server(), { conversationId, sender });
    await watcher.ok('presence:watch', { userIds: [bob] });
    const told = (...statuses: readonly string[]) =>
      until(
        () =>
          watcher
            .pushes('presence')
            .map(({ status }) => status)
            .join() === statuses.join(),
        {
          what: statuses.join(),
        },
      );
    return { alice, bob, watcher, watched, told };
  }

  test.each(['the watcher', 'the watched user'])(
    'by a block of %s resumes when that is lifted',
    async (who) => {
      const { alice, bob, watcher, watched, told } = await watching();
      const [blocker, userId] = who === 'the watcher' ? [watcher, bob] : [watched, alice];
      await blocker.ok('blockUser', { userId, blocked: true });
      await told('offline');
      await blocker.ok('blockUser', { userId, blocked: false });
      await told('offline', 'online');
      watched.close();
      await told('offline', 'online', 'offline');
    },
  );

  test.each(['the watcher', 'the watched user'])(
    'by the privacy of %s resumes when the setting goes back',
    async (who) => {
      const { watcher, watched, told } = await watching();
      const client = who === 'the watcher' ? watcher : watched;
      await client.ok('updatePrivacy', { lastSeen: 'nobody' });
      await told('offline');
      await client.ok('updatePrivacy', { lastSeen: 'contacts' });
      await told('offline', 'online');
    },
  );

  test('and was replaced meanwhile does not resume; one that is asked for again does', async () => {
    const { bob, watcher, watched, told } = await watching();
    await watched.ok('updatePrivacy', { lastSeen: 'nobody' });
    await told('offline');
    expect((await watcher.ok('presence:watch', { userIds: [bob] })).presences).toEqual([]);
    await watched.ok('updatePrivacy', { lastSeen: 'contacts' });
    await told('offline', 'online');
    await watched.ok('updatePrivacy', { lastSeen: 'nobody' });
    await told('offline', 'online', 'offline');
    await watcher.ok('presence:watch', { userIds: [] });
    await watched.ok('updatePrivacy', { lastSeen: 'contacts' });
    await setTimeout(1_500);
    await caughtUp([watcher, watched]);
    await told('offline', 'online', 'offline');
  });
});

test('an empty set ends all watching', async () => {
  const [alice, bob] = people('alice', 'bob');
  await openChat(server(), [alice, bob]);
  await showPresence(server(), alice, bob);
  const client = await server().connectAs(alice);
  await client.ok('presence:watch', { userIds: [bob] });
  expect(await client.ok('presence:watch', { userIds: [] })).toEqual({ presences: [] });
  const other = await server().connectAs(bob);
  await caughtUp([other, client]);
  expect(client.pushes('presence')).toEqual([]);
});

test('each device has its own watched set', async () => {
  const [alice, bob] = people('alice', 'bob');
  await openChat(server(), [alice, bob]);
  await showPresence(server(), alice, bob);
  const [phone, tablet] = [await server().connectAs(alice), await server().connectAs(alice)];
  await phone.ok('presence:watch', { userIds: [bob] });
  await server().connectAs(bob);
  await phone.next('presence');
  await caughtUp([tablet]);
  expect(tablet.pushes('presence')).toEqual([]);
});

test('more than the limit of watched users is refused', async () => {
  const [alice] = people('alice');
  const client = await server().connectAs(alice);
  const userIds = Array.from({ length: LIMITS.maxWatchedUsers + 1 }, (_, index) => `user-${index}`);
  await expectRefused(() => client.call('presence:watch', { userIds }), {
    code: 'VALIDATION',
    server: server(),
    listeners: [client],
  });
  expect(await client.ok('presence:watch', { userIds: userIds.slice(1) })).toEqual({ presences: [] });
});

test('typing is pushed to the other member only, not to the author’s devices', async () => {
  const scene = await createScene(server());
  const { alice, tablet, bob, conversationId } = scene;
  const { expiresInMs } = await alice.ok('typing', { conversationId, typing: true });
  expect(await bob.next('typing')).toEqual({
    conversationId,
    userId: alice.userId,
    typing: true,
    expiresInMs,
  });
  expect(expiresInMs).toBe(LIMITS.typingExpiresInMs);
  await caughtUp(everyone(scene));
  expect([...alice.heard, ...tablet.heard]).toEqual([]);
});
