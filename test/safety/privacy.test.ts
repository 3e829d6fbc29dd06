import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { codeOf, createCouple, say, settle } from './support/pair.js';

test('defaults apply until a setting is changed, and settings that are not named stay', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  const usual = { readReceipts: true, lastSeen: 'contacts', typing: true, addToGroups: 'everyone' };
  expect(await alice.ok('getPrivacy', {})).toEqual({ privacy: usual });
  await alice.ok('updatePrivacy', { typing: false });
  expect(await alice.ok('updatePrivacy', { lastSeen: 'nobody' })).toEqual({
    privacy: { ...usual, typing: false, lastSeen: 'nobody' },
  });
  expect(await codeOf(alice.call('updatePrivacy', {}))).toBe('VALIDATION');
});

test.each(['alice', 'bob'])('read receipts that %s switches off are off both ways', async (hider) => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await (hider === 'alice' ? alice : bob).ok('updatePrivacy', { readReceipts: false });
  const seq = await say(alice, conversationId, 'have you seen this?');
  await bob.ok('message:read', { conversationId, seq });
  await settle(alice);
  expect(alice.pushes('message:status').filter(({ userId }) => userId === 'bob')).toMatchObject([
    { deliveredSeq: seq, readSeq: 0 },
  ]);
  const { messages } = await alice.ok('getMessages', { conversationId });
  expect(messages.at(-1)).toMatchObject({ seq, status: 'delivered' });
  const { conversation } = await alice.ok('getConversation', { conversationId });
  const positions = conversation.members.map(({ _id, lastReadSeq, lastDeliveredSeq }) => ({
    ...{ _id, lastReadSeq, lastDeliveredSeq },
  }));
  // That they have read what they have answered is no secret.
  expect(positions).toContainEqual({ _id: 'bob', lastReadSeq: 2, lastDeliveredSeq: seq });
  // Their own devices know, and so does their count.
  expect(await bob.ok('sync', {})).toMatchObject({ totalUnread: 0 });
});

test('a message shown as delivered is not shown again when it is read in secret', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await bob.ok('updatePrivacy', { readReceipts: false });
  const seq = await say(alice, conversationId, 'have you seen this?');
  await bob.ok('message:delivered', { conversationId, seq });
  await bob.ok('message:read', { conversationId, seq });
  await settle(alice);
  expect(alice.pushes('message:status').filter(({ userId }) => userId === 'bob')).toHaveLength(1);
});

test.each(['alice', 'bob'])('typing that %s switches off is off in both directions', async (hider) => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await (hider === 'alice' ? alice : bob).ok('updatePrivacy', { typing: false });
  await alice.ok('typing', { conversationId, typing: true });
  await bob.ok('typing', { conversationId, typing: true });
  await settle(alice, bob);
  expect([...alice.pushes('typing'), ...bob.pushes('typing')]).toEqual([]);
});

test.each(['alice', 'bob'])('a presence that %s hides from everybody is hidden both ways', async (hider) => {
  await using server = await startServer();
  const { alice, bob } = await createCouple(server);
  await alice.ok('presence:watch', { userIds: ['bob'] });
  await (hider === 'alice' ? alice : bob).ok('updatePrivacy', { lastSeen: 'nobody' });
  await alice.next('presence', ({ status }) => status === 'offline');
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toEqual([]);
  expect((await bob.ok('presence:watch', { userIds: ['alice'] })).presences).toEqual([]);
  bob.close();
  await settle(alice);
  expect(alice.pushes('presence')).toHaveLength(1);
});

test('contacts are users with whom messages were exchanged', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await alice.open('bob');
  await say(alice, conversationId, 'hello stranger');
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toEqual([]);
  await say(bob, conversationId, 'hello');
  const watch = () => alice.ok('presence:watch', { userIds: ['bob'] });
  await expect
    .poll(async () => (await watch()).presences)
    .toMatchObject([{ userId: 'bob', status: 'online' }]);
});
