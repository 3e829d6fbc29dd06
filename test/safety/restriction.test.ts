import { expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { createCouple, createGroup, say, settle } from './support/pair.js';

async function restrict(server: TestServer, userId: string, restricted = true): Promise<void> {
  const moderator = await server.connectAs('mod', { token: server.token('mod', { roles: ['moderator'] }) });
  await moderator.ok('restrictUser', { userId, restricted });
}

test('messages of a restricted user are never visible to others: not live, not in pages, lists or counts; their author sees them as sent', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  const tablet = await server.connectAs('bob');
  await alice.ok('message:read', { conversationId, seq: 2 });
  await restrict(server, 'bob');
  const seq = await say(bob, conversationId, 'buy my watch');
  expect(seq).toBe(3);
  expect(await alice.next('message:new', (one) => one.seq === seq)).toEqual({
    ...{ kind: 'hidden', conversationId, seq },
  });
  await tablet.next('message:new', ({ content }) => content === 'buy my watch');
  const mine = await bob.ok('getMessages', { conversationId });
  expect(mine.messages.at(-1)).toMatchObject({ seq, content: 'buy my watch', status: 'sent' });
  const theirs = await alice.ok('getMessages', { conversationId });
  expect(theirs.messages.map(({ content, kind }) => content ?? kind)).toEqual([
    ...['hello Bob', 'hello Alice', 'hidden'],
  ]);
  const [hers] = (await alice.ok('getConversations', {})).conversations;
  expect(hers).toMatchObject({ unreadCount: 0, lastMessage: { seq: 2 }, messageCount: 2 });
  expect(await alice.ok('sync', {})).toMatchObject({ totalUnread: 0 });
  const [his] = (await bob.ok('getConversations', {})).conversations;
  expect(his?.lastMessage).toMatchObject({ content: 'buy my watch' });
});

test('messages sent before stay visible, later ones are visible, and those sent during the restriction never are', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await restrict(server, 'bob');
  await say(bob, conversationId, 'in between');
  await restrict(server, 'bob', false);
  await say(bob, conversationId, 'afterwards');
  await alice.next('message:new', ({ content }) => content === 'afterwards');
  const { messages } = await alice.ok('getMessages', { conversationId });
  expect(messages.map(({ content, kind }) => content ?? kind)).toEqual([
    ...['hello Bob', 'hello Alice', 'hidden', 'afterwards'],
  ]);
  const [listed] = (await alice.ok('getConversations', {})).conversations;
  expect(listed).toMatchObject({ unreadCount: 2, messageCount: 3 });
});

test('a repeated send of a restricted user returns the stored message, and others receive nothing', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await restrict(server, 'bob');
  await bob.send(conversationId, 'buy my watch', 'm-1');
  await restrict(server, 'bob', false);
  const again = await bob.send(conversationId, 'buy my watch', 'm-1');
  expect(again).toMatchObject({ success: true, data: { seq: 3, duplicate: true, content: 'buy my watch' } });
  await settle(alice);
  expect(alice.pushes('message:new').map(({ content }) => content)).not.toContain('buy my watch');
});

test('a restricted user can open a conversation of which others are not notified, and stays invisible in groups', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const group = await createGroup([alice, bob]);
  await restrict(server, 'bob');
  const conversationId = await bob.open('alice');
  await say(bob, conversationId, 'psst');
  await say(bob, group, 'psst, all of you');
  await settle(alice);
  expect(alice.pushes('conversation:created')).toEqual([]);
  expect((await alice.ok('getConversations', {})).conversations.map(({ _id }) => _id)).toEqual([group]);
  expect((await bob.ok('getConversations', {})).conversations).toHaveLength(2);
  expect(alice.pushes('message:new').map(({ kind }) => kind)).not.toContain('text');
});
