import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { dataOf } from '../support/api.js';
import { block, codeOf, createCouple, createGroup, say, settle } from './support/pair.js';
import { Api } from '../support/api.js';

test('an unmatched conversation is closed for both: no sends, no reads, not on the list, not in sync; and it is kept', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  const { cursor } = await bob.ok('sync', {});
  await alice.ok('unmatch', { conversationId });
  for (const client of [alice, bob]) {
    expect(await client.next('conversation:removed')).toMatchObject({ conversationId, reason: 'closed' });
    const refusals = await Promise.all([
      codeOf(client.send(conversationId, 'wait')),
      codeOf(client.call('getMessages', { conversationId })),
      codeOf(client.call('getConversation', { conversationId })),
      codeOf(client.call('typing', { conversationId, typing: true })),
      codeOf(client.call('message:read', { conversationId, seq: 1 })),
    ]);
    expect(new Set(refusals)).toEqual(new Set(['NOT_PARTICIPANT']));
    expect((await client.ok('getConversations', {})).conversations).toEqual([]);
    expect(await client.ok('sync', {})).toMatchObject({ conversations: [], totalUnread: 0 });
  }
  expect((await bob.ok('sync', { cursor })).conversations).toEqual([]);
  expect(await server.app.models.messages.model.countDocuments()).toBe(3);
});

test('a new match by the user who closed it opens the same conversation with its history, never a second one', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await alice.ok('unmatch', { conversationId });
  expect(await codeOf(bob.call('getOrCreateDirect', { otherUserId: 'alice' }))).toBe('BLOCKED');
  // Unmatching an already closed conversation does not transfer the right to open it.
  await bob.ok('unmatch', { conversationId });
  expect(await codeOf(bob.call('getOrCreateDirect', { otherUserId: 'alice' }))).toBe('BLOCKED');
  const opened = await alice.ok('getOrCreateDirect', { otherUserId: 'bob' });
  expect(opened).toMatchObject({ created: false, conversation: { _id: conversationId, closed: false } });
  await bob.next('conversation:created', ({ conversation }) => conversation._id === conversationId);
  const { messages } = await bob.ok('getMessages', { conversationId });
  expect(messages.map(({ content }) => content)).toEqual([
    ...['hello Bob', 'hello Alice', undefined, undefined],
  ]);
  expect(await say(bob, conversationId, 'here again')).toBe(5);
  expect((await bob.ok('getConversations', {})).conversations).toHaveLength(1);
  expect(await server.app.models.conversations.model.countDocuments()).toBe(1);
});

test('the app’s backend opens it for the user who closed it', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await alice.ok('unmatch', { conversationId });
  const backend = new Api(server.url, server.token('bob', { roles: ['backend'] }));
  const reply = await backend.post<{ conversation: { _id: string }; created: boolean }>(
    '/api/chats/create-or-get',
    { otherUserId: 'alice' },
  );
  expect(reply.status).toBe(200);
  expect(dataOf(reply)).toMatchObject({ conversation: { _id: conversationId }, created: false });
  expect(await codeOf(alice.send(conversationId, 'oh'))).toBe('OK');
  expect(await codeOf(bob.send(conversationId, 'hi'))).toBe('OK');
});

test('many concurrent requests for a closed conversation get the same one, opened once', async () => {
  await using server = await startServer();
  const { alice, conversationId } = await createCouple(server);
  await alice.ok('unmatch', { conversationId });
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => alice.ok('getOrCreateDirect', { otherUserId: 'bob' })),
  );
  expect(new Set(answers.map(({ conversation }) => conversation._id))).toEqual(new Set([conversationId]));
  expect((await alice.ok('getMessages', { conversationId })).lastSeq).toBe(4);
});

test('a blocked user cannot use a reopened conversation', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await block(bob, 'alice');
  await alice.ok('unmatch', { conversationId });
  expect(await codeOf(alice.call('getOrCreateDirect', { otherUserId: 'bob' }))).toBe('BLOCKED');
  await block(bob, 'alice', false);
  await alice.ok('getOrCreateDirect', { otherUserId: 'bob' });
  expect(await codeOf(alice.send(conversationId, 'hello'))).toBe('OK');
});

test('only direct conversations can be unmatched, and only by their members', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  const eve = await server.connectAs('eve');
  expect(await codeOf(eve.call('unmatch', { conversationId }))).toBe('NOT_PARTICIPANT');
  const group = await createGroup([alice, bob]);
  expect(await codeOf(alice.call('unmatch', { conversationId: group }))).toBe('FORBIDDEN');
  await settle(bob);
  expect(bob.pushes('conversation:removed')).toEqual([]);
});
