import { expect, test } from 'vitest';
import { newDatabaseName, startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { createCouple, say, settle } from './support/pair.js';
import { createRestrictedScene, restrict, SECRET, SIGN } from './support/restrictedScene.js';

test('when a restriction is lifted, messages and chats made under it stay private, and changes made under it are dropped', async () => {
  await using server = await startServer();
  const { alice, bob, dave, group, direct, bobSeq, carolSeq } = await createRestrictedScene(server);
  await bob.ok('editMessage', { conversationId: group, seq: bobSeq, content: SECRET });
  await bob.ok('react', { conversationId: group, seq: carolSeq, emoji: SIGN, on: true });
  await bob.ok('pinMessage', { conversationId: direct, seq: 2, pinned: true });
  await bob.ok('updateConversation', { conversationId: group, name: SECRET });
  await server.api(bob.userId).request('PATCH', '/api/users/me', { name: SECRET });
  const occasion = { kind: 'seller', title: SECRET };
  await bob.ok('getOrCreateDirect', { otherUserId: dave.userId, occasion });
  const hiddenSeq = await say(bob, group, `${SECRET} of then`);
  await restrict(server, bob.userId, false);

  const page = await bob.ok('getMessages', { conversationId: group });
  expect(page.messages.find(({ seq }) => seq === bobSeq)).toMatchObject({ content: 'I am Bob' });
  expect(page.messages.find(({ seq }) => seq === carolSeq)?.reactions).toEqual([
    { emoji: '👋', count: 1, own: true },
  ]);
  expect(page.messages.find(({ seq }) => seq === hiddenSeq)).toMatchObject({ content: `${SECRET} of then` });
  const { changes } = await bob.ok('getChanges', { conversationId: group, afterRev: 0 });
  expect(changes.map(({ kind }) => kind)).toEqual(['reaction', 'reaction', 'hidden', 'hidden']);
  const { conversation } = await bob.ok('getConversation', { conversationId: group });
  expect(conversation.name).toBe('the group');
  expect((await bob.ok('getConversation', { conversationId: direct })).conversation.pinnedMessages).toEqual(
    [],
  );
  const { members } = await bob.ok('getMembers', { conversationId: group });
  expect(members.find(({ _id }) => _id === bob.userId)).toMatchObject({ name: 'Bob' });
  // The chat that they opened under the restriction is still private.
  expect((await dave.ok('getConversations', {})).conversations).toEqual([]);

  await bob.ok('editMessage', { conversationId: group, seq: bobSeq, content: 'as I meant it' });
  await alice.next('message:updated', ({ message }) => message?.content === 'as I meant it');
  await bob.ok('react', { conversationId: group, seq: carolSeq, emoji: SIGN, on: true });
  await alice.next('message:reaction', ({ emoji }) => emoji === SIGN);

  // A second restriction does not restore anything.
  await restrict(server, bob.userId);
  const again = await bob.ok('getMessages', { conversationId: group });
  expect(again.messages.find(({ seq }) => seq === bobSeq)).toMatchObject({ content: 'as I meant it' });
  expect((await bob.ok('getConversation', { conversationId: group })).conversation.name).toBe('the group');
  await settle(alice);
  expect(JSON.stringify(alice.heard)).not.toContain(SECRET);
});

test('a user who is restricted twice keeps what they see', async () => {
  await using server = await startServer();
  const { bob, group, bobSeq } = await createRestrictedScene(server);
  await bob.ok('editMessage', { conversationId: group, seq: bobSeq, content: SECRET });
  await restrict(server, bob.userId);
  const { messages } = await bob.ok('getMessages', { conversationId: group });
  expect(messages.find(({ seq }) => seq === bobSeq)).toMatchObject({ content: SECRET });
});

test('a restriction applies on every process, for changes and messages, live and read', async () => {
  const databaseName = newDatabaseName();
  await using one = await startServer({ databaseName });
  await using two = await startServer({ databaseName });
  const { alice, conversationId } = await createCouple(one);
  const bob = await two.connectAs('bob');
  await restrict(one, 'bob');
  await until(async () => {
    const seq = await say(bob, conversationId, 'is it there?');
    const { messages } = await alice.ok('getMessages', { conversationId, after: seq - 1 });
    return messages[0]?.kind === 'hidden';
  });
  await bob.ok('editMessage', { conversationId, seq: 2, content: SECRET });
  await bob.ok('react', { conversationId, seq: 1, emoji: SIGN, on: true });
  const mine = await bob.ok('getMessages', { conversationId });
  expect(mine.messages[1]).toMatchObject({ content: SECRET });
  for (const reader of [alice, await two.connectAs('alice')]) {
    const { messages } = await reader.ok('getMessages', { conversationId });
    expect(messages.slice(0, 2)).toMatchObject([{ reactions: [] }, { content: 'hello Alice' }]);
    const { changes, rev } = await reader.ok('getChanges', { conversationId, afterRev: 0 });
    expect(rev).toBe(2);
    expect(changes).toEqual([1, 2].map((number) => ({ conversationId, rev: number, kind: 'hidden' })));
  }
  // A process that starts later, or applies changes of another one, does the same.
  await using three = await startServer({ databaseName });
  const later = await three.connectAs('alice');
  await later.ok('react', { conversationId, seq: 2, emoji: '👍', on: true });
  const { messages } = await later.ok('getMessages', { conversationId });
  expect(messages[1]).toMatchObject({ content: 'hello Alice', reactions: [{ emoji: '👍', count: 1 }] });
});

test('in a large group members who have it open receive only the rev of a restricted user’s change', async () => {
  await using server = await startServer();
  const [ann, bob] = [await server.connectAs('ann'), await server.connectAs('bob')];
  const participants = ['bob', ...Array.from({ length: 60 }, (_, index) => `extra-${index}`)];
  const wish = { name: 'many', participants, history: 'all' };
  const conversationId = (await ann.ok('createGroup', wish)).conversation._id;
  const seq = await say(ann, conversationId, 'hello all');
  for (const client of [ann, bob]) await client.ok('watchConversation', { conversationId, watching: true });
  await restrict(server, 'bob');
  await bob.ok('react', { conversationId, seq, emoji: SIGN, on: true });
  expect(await ann.next('message:updated')).toEqual({ conversationId, rev: 1, kind: 'hidden' });
  await bob.ok('message:read', { conversationId, seq });
  const { messages } = await ann.ok('getMessages', { conversationId });
  expect(messages.at(-1)).toMatchObject({ reactions: [], readCount: 0 });
  expect(JSON.stringify(ann.heard)).not.toContain(SIGN);
});
