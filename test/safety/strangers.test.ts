import { expect, test } from 'vitest';
import { userId as toUserId } from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { block, codeOf, createGroup, say, settle } from './support/pair.js';

const watch = async (client: TestClient, userId: string): Promise<string[]> =>
  (await client.ok('presence:watch', { userIds: [userId] })).presences.map(({ status }) => status);

/** Removes fields whose values differ between chats. */
const withoutNames = (value: unknown, ...names: readonly string[]): unknown =>
  JSON.parse(
    names
      .reduce((text, name) => text.replaceAll(name, 'NAME'), JSON.stringify(value))
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/[0-9a-f]{24}/g, 'ID'),
  );

/** Collects everything that a stranger can find out about a user who does not reply. */
async function approach(server: TestServer, userId: string, otherUserId: string) {
  const stranger = await server.connectAs(userId);
  const occasion = { kind: 'product', id: '7', title: 'A lamp' };
  const opened = await stranger.call('getOrCreateDirect', { otherUserId, occasion });
  if (!opened.success) throw new Error(`refused: ${opened.code}`);
  const conversationId = opened.data.conversation._id;
  const place = { conversationId, seq: 1 };
  const answers = [opened];
  const ask = async (answer: Promise<unknown>) => answers.push((await answer) as typeof opened);
  await ask(stranger.send(conversationId, 'hello', 'm-1'));
  await ask(stranger.send(conversationId, 'hello', 'm-1'));
  await ask(stranger.send(conversationId, 'are you there?', 'm-2'));
  await ask(stranger.call('editMessage', { ...place, content: 'hello there' }));
  await ask(stranger.call('react', { ...place, emoji: '👍', on: true }));
  await ask(stranger.call('pinMessage', { ...place, pinned: true }));
  await ask(stranger.call('typing', { conversationId, typing: true }));
  await ask(stranger.call('message:read', { conversationId, seq: 2 }));
  await ask(stranger.call('getReceipts', place));
  await ask(stranger.call('getMessages', { conversationId }));
  await ask(stranger.call('presence:watch', { userIds: [otherUserId] }));
  await ask(stranger.call('getMembers', { conversationId }));
  await settle(stranger);
  const summary = () => stranger.ok('getConversation', { conversationId });
  await until(async () => (await summary()).conversation.lastSeq === 2);
  const { occasions: _once, ...conversation } = (await summary()).conversation;
  const { conversations } = await stranger.ok('getConversations', {});
  return {
    ...{ stranger, conversationId },
    told: withoutNames([...answers, conversation, conversations.length], userId, otherUserId),
  };
}

test('a blocked stranger finds out no more than any other stranger', async () => {
  await using server = await startServer();
  const [blocker, other] = [await server.connectAs('blocker'), await server.connectAs('passive')];
  await block(blocker, 'stranger-1');
  const blocked = await approach(server, 'stranger-1', 'blocker');
  const usual = await approach(server, 'stranger-2', 'passive');
  expect(blocked.told).toEqual(usual.told);
  await settle(blocker, other);
  const heard = blocker.heard.filter(({ event }) => !event.startsWith('conversations:'));
  expect(heard).toEqual([]);
  expect((await blocker.ok('getConversations', {})).conversations).toEqual([]);
  expect((await blocker.ok('searchMessages', { words: 'hello' })).messages).toEqual([]);
  expect(await blocker.ok('sync', {})).toMatchObject({ conversations: [], totalUnread: 0 });
});

test('over HTTP a block is not revealed either', async () => {
  await using server = await startServer();
  const blocker = await server.connectAs('blocker');
  await block(blocker, 'stranger');
  const api = server.api('stranger');
  const opened = await api.post<{ conversation: { _id: string } }>('/api/chats/create-or-get', {
    otherUserId: 'blocker',
  });
  expect(opened.status).toBe(201);
  if (!opened.body.success) throw new Error('refused');
  const path = `/api/conversations/${opened.body.data.conversation._id}/messages`;
  expect((await api.post(path, { content: 'hello', clientMessageId: 'm-1' })).status).toBe(201);
});

test('a chat is unchanged when a user who never replied blocks: no seq, no push, no code', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await bob.open('alice');
  const first = await say(bob, conversationId, 'hello');
  const before = bob.heard.length;
  await block(alice, 'bob');
  await settle(bob);
  expect(bob.heard.slice(before).filter(({ event }) => !event.startsWith('conversations'))).toEqual([]);
  expect(await say(bob, conversationId, 'are you there?')).toBe(first + 1);
  expect((await bob.ok('getConversation', { conversationId })).conversation).toMatchObject({
    ...{ closed: false, blocked: false, lastSeq: 2, messageCount: 2 },
    lastMessage: { content: 'are you there?', status: 'sent' },
  });
  const edited = await bob.ok('editMessage', { conversationId, seq: first, content: 'something else' });
  expect(edited.change.kind).toBe('edit');
  const mine = await alice.ok('getConversation', { conversationId });
  expect(mine.conversation).toMatchObject({ closed: true, blocked: true, lastMessage: { content: 'hello' } });
  expect(await codeOf(alice.send(conversationId, 'go away'))).toBe('BLOCKED');
  // After unblocking, messages sent during the block stay hidden.
  await block(alice, 'bob', false);
  await say(bob, conversationId, 'at last');
  const { messages } = await alice.ok('getMessages', { conversationId });
  expect(messages.map(({ content, kind }) => content ?? kind)).toEqual(['hello', 'hidden', 'at last']);
});

test('the same applies on another process, and if the blocker has written first', async () => {
  const databaseName = newDatabaseName();
  await using one = await startServer({ databaseName });
  await using two = await startServer({ databaseName });
  const [alice, bob] = [await one.connectAs('alice'), await two.connectAs('bob')];
  const conversationId = await alice.open('bob');
  const seq = await say(alice, conversationId, 'an offer');
  await block(alice, 'bob');
  const [blocker, blocked] = [alice, bob].map(({ userId }) => toUserId.parse(userId));
  if (blocker === undefined || blocked === undefined) throw new Error('two users');
  // The block reaches the other process within a second.
  await until(() => two.app.services.viewerRules.blocks.isBlockedPair(blocker, blocked));
  expect(await say(bob, conversationId, 'yes')).toBe(seq + 1);
  const { messages } = await alice.ok('getMessages', { conversationId });
  expect(messages.map(({ content, kind }) => content ?? kind)).toEqual(['an offer', 'hidden']);
  // Nothing of the blocked user reaches the blocker, reactions included.
  expect(await codeOf(bob.call('react', { conversationId, seq, emoji: '👍', on: true }))).toBe('OK');
  const { reactions } = await alice.ok('getReactions', { conversationId, seq });
  expect(reactions).toEqual([]);
});

test('members of a group in which both have written can watch each other, until one leaves', async () => {
  await using server = await startServer();
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((id) => server.connectAs(id)));
  if (!alice || !bob || !carol) throw new Error('three clients');
  const conversationId = await createGroup([alice, bob, carol]);
  // Adding a user to a group does not make them a contact.
  expect(await watch(alice, 'bob')).toEqual([]);
  await say(alice, conversationId, 'welcome');
  await say(bob, conversationId, 'hello');
  await until(async () => (await watch(alice, 'bob'))[0] === 'online');
  expect(await watch(carol, 'bob')).toEqual([]);
  expect(await watch(alice, 'bob')).toEqual(['online']);
  await bob.ok('leaveConversation', { conversationId });
  await alice.next('presence', ({ userId, status }) => userId === 'bob' && status === 'offline');
  expect(await watch(alice, 'bob')).toEqual([]);
});

test('presence shown to everyone is visible to users who open a chat, if they share theirs as well', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  await alice.open('bob');
  await bob.ok('updatePrivacy', { lastSeen: 'everyone' });
  expect(await watch(alice, 'bob')).toEqual([]);
  await alice.ok('updatePrivacy', { lastSeen: 'everyone' });
  expect(await watch(alice, 'bob')).toEqual(['online']);
});
