import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { block, codeOf, createCouple, createGroup, say, settle } from './support/pair.js';

test('after a block neither can send; earlier messages stay readable to both', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await block(alice, 'bob');
  expect(await codeOf(alice.send(conversationId, 'still here?'))).toBe('BLOCKED');
  expect(await codeOf(bob.send(conversationId, 'still here?'))).toBe('BLOCKED');
  for (const client of [alice, bob]) {
    const { messages } = await client.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).toEqual(['hello Bob', 'hello Alice', undefined]);
  }
  const [mine] = (await alice.ok('getConversations', {})).conversations;
  const [theirs] = (await bob.ok('getConversations', {})).conversations;
  expect([mine, theirs]).toMatchObject([
    { blocked: true, closed: true, lastMessage: { seq: 2 }, unreadCount: 1 },
    { blocked: false, closed: true, lastMessage: { seq: 2 } },
  ]);
  expect((await alice.ok('getBlocked', {})).users).toMatchObject([{ _id: 'bob' }]);
  expect((await bob.ok('getBlocked', {})).users).toEqual([]);
});

test('an unblocked user can send and receive immediately, and a repeated block changes nothing', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await block(alice, 'bob');
  await block(alice, 'bob');
  await block(alice, 'bob', false);
  await block(alice, 'bob', false);
  // seq 3 and 4 are the entries of the block and of the unblock.
  expect(await say(bob, conversationId, 'thank you')).toBe(5);
  expect(await say(alice, conversationId, 'well')).toBe(6);
  expect((await alice.ok('getConversation', { conversationId })).conversation).toMatchObject({
    ...{ blocked: false, closed: false, messageCount: 4 },
  });
});

test('if both have blocked each other, both must unblock', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  await Promise.all([block(alice, 'bob'), block(bob, 'alice')]);
  await block(alice, 'bob', false);
  expect(await codeOf(alice.send(conversationId, 'hello?'))).toBe('BLOCKED');
  await block(bob, 'alice', false);
  expect(await codeOf(alice.send(conversationId, 'hello?'))).toBe('OK');
});

test('a block removes an empty conversation from the devices of the blocker only; an unblock brings it back', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  const conversationId = await alice.open('bob');
  await block(alice, 'bob');
  expect(await alice.next('conversation:removed')).toEqual({ conversationId, reason: 'closed' });
  expect((await alice.ok('getConversations', {})).conversations).toEqual([]);
  await block(alice, 'bob', false);
  const { conversation } = await alice.next('conversation:updated');
  expect(conversation).toMatchObject({ _id: conversationId, blocked: false });
  expect(bob.pushes('conversation:removed')).toEqual([]);
});

test('a block tells nothing of a conversation that a restricted user has opened', async () => {
  await using server = await startServer();
  const mia = await server.connectAs('mia', { token: server.token('mia', { roles: ['moderator'] }) });
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  await mia.ok('restrictUser', { userId: 'bob', restricted: true });
  await bob.open('alice');
  await block(alice, 'bob');
  await block(alice, 'bob', false);
  await settle(alice);
  for (const event of ['conversation:removed', 'conversation:updated'] as const)
    expect(alice.pushes(event), event).toEqual([]);
});

test('a user cannot open a conversation with someone they have blocked', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  await block(alice, 'bob');
  expect(await codeOf(alice.call('getOrCreateDirect', { otherUserId: 'bob' }))).toBe('BLOCKED');
  expect((await alice.ok('getConversations', {})).conversations).toEqual([]);
  expect(await server.app.models.conversations.model.countDocuments()).toBe(0);
  expect(await codeOf(alice.call('blockUser', { userId: 'alice', blocked: true }))).toBe('VALIDATION');
});

test('if a block and a new conversation happen at the same moment, the block wins', async () => {
  await using server = await startServer();
  const alice = await server.connectAs('alice');
  for (let round = 0; round < 15; round += 1) {
    const other = `stranger-${round}`;
    const stranger = await server.connectAs(other);
    await Promise.all([block(alice, other), stranger.call('getOrCreateDirect', { otherUserId: 'alice' })]);
    const conversationId = await stranger.open('alice');
    expect(await codeOf(stranger.send(conversationId, 'hello'))).toBe('OK');
  }
  expect((await alice.ok('getConversations', {})).conversations).toEqual([]);
  expect(await alice.ok('sync', {})).toMatchObject({ conversations: [], totalUnread: 0 });
});

test('if a block and many sends happen at the same moment, nothing is stored after the block, and everything acknowledged is before it', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  const sends = Array.from({ length: 40 }, (_, n) => bob.send(conversationId, `number ${n}`));
  const [answers] = await Promise.all([Promise.all(sends), block(alice, 'bob')]);
  const { messages } = await alice.ok('getMessages', { conversationId });
  const blockSeq = messages.find(({ kind, seq }) => kind === 'hidden' && seq > 2)?.seq ?? 0;
  expect(blockSeq).toBeGreaterThan(2);
  const acknowledged = answers.flatMap((answer) => (answer.success ? [answer.data.seq] : []));
  expect(Math.max(0, ...acknowledged)).toBeLessThan(blockSeq);
  expect(messages.at(-1)?.seq).toBe(blockSeq);
  const refused = answers.flatMap((answer) => (answer.success ? [] : [answer]));
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(refused.length > 0 ? ['BLOCKED'] : []));
});

test('in a group messages of a blocked user are hidden for the blocker only: live, in pages, in the preview, and they are not unread', async () => {
  await using server = await startServer();
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => server.connectAs(name)),
  );
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('nobody is here');
  const conversationId = await createGroup([carol, alice, bob]);
  await say(carol, conversationId, 'welcome');
  await say(bob, conversationId, 'before the block');
  await block(alice, 'bob');
  const from = await say(bob, conversationId, 'behind the block');
  await say(carol, conversationId, 'in between');
  const last = await say(bob, conversationId, 'the last word');
  await alice.next('message:new', ({ seq }) => seq === last);
  const heard = alice.pushes('message:new').filter(({ seq }) => seq >= from);
  expect(heard.map(({ kind }) => kind)).toEqual(['hidden', 'text', 'hidden']);
  expect(heard.map(({ seq }) => seq)).toEqual([from, from + 1, last]);
  await carol.next('message:new', ({ content }) => content === 'the last word');
  const page = await alice.ok('getMessages', { conversationId });
  expect(page.messages.map(({ content, kind }) => content ?? kind)).toEqual([
    ...['', 'welcome', 'hidden', 'hidden', 'in between', 'hidden'],
  ]);
  const theirs = await carol.ok('getMessages', { conversationId });
  expect(theirs.messages.map(({ kind }) => kind)).not.toContain('hidden');
  const [listed] = (await alice.ok('getConversations', {})).conversations;
  expect(listed).toMatchObject({ lastMessage: { content: 'in between' }, unreadCount: 2 });
  expect(await alice.ok('sync', {})).toMatchObject({ totalUnread: 2 });
  const position = await alice.ok('message:read', { conversationId, seq: from });
  expect(position).toMatchObject({ unreadCount: 1 });
  await block(alice, 'bob', false);
  const [again] = (await alice.ok('getConversations', {})).conversations;
  expect(again).toMatchObject({ lastMessage: { content: 'the last word' }, unreadCount: 2 });
});

test('in a group neither of the two sees typing or reads of the other', async () => {
  await using server = await startServer();
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => server.connectAs(name)),
  );
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('nobody is here');
  const conversationId = await createGroup([carol, alice, bob]);
  const seq = await say(carol, conversationId, 'welcome');
  await block(alice, 'bob');
  for (const client of [alice, bob]) {
    await client.ok('typing', { conversationId, typing: true });
    await client.ok('message:read', { conversationId, seq });
  }
  await settle(alice, bob, carol);
  const heardOf = (client: typeof alice) =>
    [...client.pushes('typing'), ...client.pushes('message:status')].map(({ userId }) => userId);
  expect(new Set(heardOf(carol))).toEqual(new Set(['alice', 'bob']));
  expect(heardOf(alice)).not.toContain('bob');
  expect(heardOf(bob)).not.toContain('alice');
});

test('a blocked user cannot add the blocker to a group; only a contact sees the reason', async () => {
  await using server = await startServer();
  const [alice, bob] = [await server.connectAs('alice'), await server.connectAs('bob')];
  await block(alice, 'bob');
  const refused = [{ userId: 'alice', code: 'FORBIDDEN' }];
  const wish = { name: 'together', participants: ['alice', 'carol'] };
  const made = await bob.ok('createGroup', wish);
  expect(made).toMatchObject({ created: true, refused, conversation: { memberCount: 2 } });
  const conversationId = await createGroup([bob]);
  const added = await bob.ok('addMembers', { conversationId, userIds: ['carol', 'alice'] });
  expect(added).toMatchObject({ refused, conversation: { memberCount: 2 } });
  await settle(alice);
  expect(
    alice.pushes('conversation:created').filter(({ conversation }) => conversation.type === 'group'),
  ).toEqual([]);
});

test('a user who watched the other receives one offline event, and nothing more', async () => {
  await using server = await startServer();
  const { alice, bob } = await createCouple(server);
  const watched = await bob.ok('presence:watch', { userIds: ['alice'] });
  expect(watched.presences).toMatchObject([{ status: 'online' }]);
  await block(alice, 'bob');
  await bob.next('presence', ({ status }) => status === 'offline');
  expect((await bob.ok('presence:watch', { userIds: ['alice'] })).presences).toEqual([]);
  expect((await alice.ok('presence:watch', { userIds: ['bob'] })).presences).toEqual([]);
});

test('a block that its process could not write into the log still applies', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  const pair = { blockerId: alice.userId, blockedId: bob.userId };
  await server.app.models.blocks.set(pair as never, true, new Date());
  await until(async () => (await codeOf(bob.send(conversationId, 'hello?'))) === 'BLOCKED', {
    what: 'the block',
  });
  expect(await codeOf(bob.call('typing', { conversationId, typing: true }))).toBe('OK');
  await settle(alice);
  expect(alice.pushes('typing')).toEqual([]);
});
