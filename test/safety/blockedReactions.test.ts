import { expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { dataOf } from '../support/api.js';
import { block, createGroup, say, settle } from './support/pair.js';

const SIGN = '🦩';

interface Circle {
  alice: TestClient;
  bob: TestClient;
  carol: TestClient;
  conversationId: string;
  /** `seq` of a message of Alice and of a later one of Carol. */
  seqs: readonly [number, number];
}

/** Creates a group in which Alice has blocked Bob. */
async function createCircle(server: TestServer): Promise<Circle> {
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => server.connectAs(name)),
  );
  if (!alice || !bob || !carol) throw new Error('somebody is missing');
  const conversationId = await createGroup([carol, alice, bob]);
  const seqs = [await say(alice, conversationId, 'mine'), await say(carol, conversationId, 'hers')] as const;
  await block(alice, 'bob');
  return { alice, bob, carol, conversationId, seqs };
}

const reactionsOf = (entry: { reactions?: readonly { emoji: string; count: number }[] | undefined }) =>
  (entry.reactions ?? []).map(({ emoji, count }) => [emoji, count]);

test('a blocked user’s reaction in a group is never visible to the blocker, whoever wrote the message', async () => {
  await using server = await startServer();
  const { alice, bob, carol, conversationId, seqs } = await createCircle(server);
  for (const seq of seqs) await bob.ok('react', { conversationId, seq, emoji: SIGN, on: true });
  for (const rev of [1, 2]) {
    const heard = await alice.next('message:updated', (change) => change.rev === rev);
    expect(heard).toEqual({ conversationId, rev, kind: 'hidden' });
    expect(await carol.next('message:reaction', (change) => change.rev === rev)).toMatchObject({
      ...{ userId: 'bob', emoji: SIGN },
    });
  }
  const page = await alice.ok('getMessages', { conversationId });
  expect(page.messages.slice(-2).map(reactionsOf)).toEqual([[], []]);
  const { changes, rev } = await alice.ok('getChanges', { conversationId, afterRev: 0 });
  expect([changes.map(({ kind }) => kind), rev]).toEqual([['hidden', 'hidden'], 2]);
  for (const seq of seqs) {
    expect(await alice.ok('getReactions', { conversationId, seq })).toEqual({ reactions: [] });
  }
  const [listed] = (await alice.ok('getConversations', {})).conversations;
  expect(reactionsOf(listed?.lastMessage ?? {})).toEqual([]);
  const [synced] = (await alice.ok('sync', {})).conversations;
  expect(reactionsOf(synced?.lastMessage ?? {})).toEqual([]);
  const found = await alice.ok('searchMessages', { words: 'hers' });
  expect(found.messages.map(reactionsOf)).toEqual([[]]);
  const own = dataOf(
    await server.api('alice').get<{ messages: { reactions: [] }[] }>('/api/users/me/messages'),
  );
  expect(own.messages.map(reactionsOf)).toEqual([[]]);
  await settle(alice);
  expect(alice.pushes('message:reaction')).toEqual([]);
  expect(JSON.stringify(alice.heard)).not.toContain(SIGN);
  // All others see it, including its author; the blocker sees it again after unblocking.
  for (const client of [carol, bob]) {
    const { messages } = await client.ok('getMessages', { conversationId });
    expect(messages.slice(-2).map(reactionsOf)).toEqual([[[SIGN, 1]], [[SIGN, 1]]]);
  }
  await block(alice, 'bob', false);
  const again = await alice.ok('getMessages', { conversationId });
  expect(again.messages.slice(-2).map(reactionsOf)).toEqual([[[SIGN, 1]], [[SIGN, 1]]]);
});

test('changes of others to a message reveal no reaction of a blocked user to the blocker', async () => {
  await using server = await startServer();
  const { alice, bob, carol, conversationId, seqs } = await createCircle(server);
  const [, seq] = seqs;
  await bob.ok('react', { conversationId, seq, emoji: SIGN, on: true });
  await bob.ok('react', { conversationId, seq, emoji: '👍', on: true });
  await carol.ok('react', { conversationId, seq, emoji: '👍', on: true });
  const heard = await alice.next('message:reaction');
  expect([heard.userId, reactionsOf(heard.message)]).toEqual(['carol', [['👍', 1]]]);
  await carol.ok('editMessage', { conversationId, seq, content: 'hers, edited' });
  const edited = await alice.next('message:updated', ({ kind }) => kind === 'edit');
  expect(reactionsOf(edited.message ?? {})).toEqual([['👍', 1]]);
  const own = await alice.ok('react', { conversationId, seq, emoji: '👍', on: true });
  expect(own.change.message.reactions).toEqual([{ emoji: '👍', count: 2, own: true }]);
  expect(JSON.stringify(alice.heard)).not.toContain(SIGN);
});

test('what a blocked user does as admin of the group is visible to the blocker: pins and deletions', async () => {
  await using server = await startServer();
  const { alice, bob, carol, conversationId, seqs } = await createCircle(server);
  await carol.ok('setRole', { conversationId, userId: 'bob', role: 'admin' });
  const [first, second] = seqs;
  await bob.ok('pinMessage', { conversationId, seq: first, pinned: true });
  await alice.next('message:updated', ({ kind, seq }) => kind === 'pin' && seq === first);
  await bob.ok('deleteMessage', { conversationId, seq: second, for: 'everyone' });
  expect((await alice.next('message:deleted')).message).toMatchObject({ content: '' });
  const { conversation } = await alice.ok('getConversation', { conversationId });
  expect(conversation.pinnedMessages).toEqual([first]);
});

test('in a large group a member with blocks fetches changes, and sees no reaction of blocked users', async () => {
  await using server = await startServer();
  const [alice, carol] = [await server.connectAs('alice'), await server.connectAs('carol')];
  const crowd = Array.from({ length: 60 }, (_, index) => `extra-${index}`);
  const wish = { name: 'many', participants: ['alice', 'bob', 'dan', ...crowd], history: 'all' };
  const conversationId = (await carol.ok('createGroup', wish)).conversation._id;
  const seq = await say(carol, conversationId, 'hello all');
  await block(alice, 'bob');
  for (const client of [alice, carol])
    await client.ok('watchConversation', { conversationId, watching: true });
  const bob = await server.connectAs('bob');
  await bob.ok('react', { conversationId, seq, emoji: SIGN, on: true });
  await alice.next('conversation:updated', ({ head }) => head.rev === 1);
  await carol.next('message:reaction', ({ emoji }) => emoji === SIGN);
  const dan = await server.connectAs('dan');
  await dan.ok('react', { conversationId, seq, emoji: '👍', on: true });
  await alice.next('conversation:updated', ({ head }) => head.rev === 2);
  const { changes } = await alice.ok('getChanges', { conversationId, afterRev: 0 });
  expect(changes.map(({ kind, message }) => [kind, message && reactionsOf(message)])).toEqual([
    ['hidden', undefined],
    ['reaction', [['👍', 1]]],
  ]);
  await settle(alice);
  expect(JSON.stringify(alice.heard)).not.toContain(SIGN);
});

test('in a direct chat, which a block closes, earlier messages and reactions stay', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await alice.open('bob');
  const seq = await say(alice, conversationId, 'hello');
  await bob.ok('react', { conversationId, seq, emoji: SIGN, on: true });
  await block(alice, 'bob');
  const { messages } = await alice.ok('getMessages', { conversationId });
  expect(messages[0]?.reactions).toEqual([{ emoji: SIGN, count: 1, own: false }]);
});
