import { describe, expect, test } from 'vitest';
import { RESTRICTED_COMMAND_NAMES, RESTRICTED_COMMANDS } from '../../contract/index.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { codeOf, settle } from './support/pair.js';
import { ATTEMPTS, createRestrictedScene, listen, SECRET, SIGN, worldOf } from './support/restrictedScene.js';

const server = sharedServer();

const silent = RESTRICTED_COMMAND_NAMES.filter((name) =>
  ['alone', 'nobody'].includes(RESTRICTED_COMMANDS[name].consequence),
);

describe('actions of a restricted user that no other user receives, reads or finds', () => {
  test.for(silent)('%s', async (name) => {
    const attempts = ATTEMPTS[name] ?? [];
    expect(attempts, 'an attempt for every row').not.toEqual([]);
    const scene = await createRestrictedScene(server());
    const others = [scene.alice, scene.carol, scene.dave];
    const before = await Promise.all(others.map(worldOf));
    const heardOf = listen(others);
    for (const attempt of attempts) await attempt(scene);
    await settle(scene.bob);
    expect(await heardOf()).toEqual([]);
    const after = await Promise.all(others.map(worldOf));
    expect(after).toEqual(before);
    expect(JSON.stringify([after, ...others.map(({ heard }) => heard)])).not.toContain(SECRET);
  });

  test('a new name and picture', async () => {
    const scene = await createRestrictedScene(server());
    const others = [scene.alice, scene.carol];
    const before = await Promise.all(others.map(worldOf));
    const api = server().api(scene.bob.userId);
    const profile = { name: SECRET, avatar: `https://files.example.com/${SECRET}.png` };
    expect(dataOf(await api.request('PATCH', '/api/users/me', profile))).toMatchObject({ user: profile });
    expect(dataOf(await api.get('/api/users/me'))).toMatchObject({ user: profile });
    const { members } = await scene.bob.ok('getMembers', { conversationId: scene.group });
    expect(members).toContainEqual(expect.objectContaining({ _id: scene.bob.userId, name: SECRET }));
    expect(await Promise.all(others.map(worldOf))).toEqual(before);
  });
});

const send = (client: TestClient, conversationId: string, content: string) =>
  client.ok('sendMessage', { conversationId, content, clientMessageId: crypto.randomUUID() });

describe('a restricted user', () => {
  test('sees their own changes to messages, with the usual answers', async () => {
    const { bob, group, direct, bobSeq, carolSeq } = await createRestrictedScene(server());
    const edited = await bob.ok('editMessage', { conversationId: group, seq: bobSeq, content: SECRET });
    expect(edited.change).toMatchObject({ kind: 'edit', userId: bob.userId, message: { content: SECRET } });
    await bob.ok('react', { conversationId: group, seq: carolSeq, emoji: SIGN, on: true });
    await bob.ok('react', { conversationId: group, seq: carolSeq, emoji: '👋', on: false });
    await bob.ok('pinMessage', { conversationId: direct, seq: 2, pinned: true });
    // Repeating the reaction changes nothing.
    const again = await bob.ok('react', { conversationId: group, seq: carolSeq, emoji: SIGN, on: true });
    expect(again.change.message.reactions).toEqual([{ emoji: SIGN, count: 1, own: true }]);
    const { messages } = await bob.ok('getMessages', { conversationId: group });
    expect(messages.find(({ seq }) => seq === bobSeq)).toMatchObject({ content: SECRET });
    expect(messages.find(({ seq }) => seq === carolSeq)?.reactions).toEqual([
      { emoji: SIGN, count: 1, own: true },
    ]);
    const given = await bob.ok('getReactions', { conversationId: group, seq: carolSeq });
    expect(given.reactions.map(({ emoji, user }) => [emoji, user._id])).toEqual([[SIGN, bob.userId]]);
    const { edits } = await bob.ok('getEdits', { conversationId: group, seq: bobSeq });
    expect(edits.map(({ content }) => content)).toEqual(['I am Bob', SECRET]);
    const { changes } = await bob.ok('getChanges', { conversationId: group, afterRev: 0 });
    expect(changes.map(({ kind }) => kind)).toEqual(['reaction', 'reaction', 'edit', 'reaction', 'reaction']);
    const { conversation } = await bob.ok('getConversation', { conversationId: direct });
    expect(conversation.pinnedMessages).toEqual([2]);
    const listed = (await bob.ok('getConversations', {})).conversations.find(({ _id }) => _id === group);
    expect(listed?.lastMessage).toMatchObject({ content: SECRET });
  });

  test('receives their own actions on their other devices', async () => {
    const scene = await createRestrictedScene(server());
    const { bob, group, bobSeq } = scene;
    const tablet = await server().connectAs(bob.userId);
    await bob.ok('editMessage', { conversationId: group, seq: bobSeq, content: SECRET });
    await tablet.next('message:updated', ({ message }) => message?.content === SECRET);
    await bob.ok('updateConversation', { conversationId: group, name: SECRET });
    await tablet.next('conversation:updated', ({ stale }) => stale === true);
  });

  test('sees their own changes to groups, and later actions depend on them', async () => {
    const { bob, carol, dave, alice, group } = await createRestrictedScene(server());
    const conversationId = group;
    const renamed = await bob.ok('updateConversation', { conversationId, name: SECRET, history: 'joined' });
    expect(renamed.conversation).toMatchObject({ name: SECRET, history: 'joined' });
    const added = await bob.ok('addMembers', { conversationId, userIds: [dave.userId] });
    expect(added.conversation.participants).toContain(dave.userId);
    const removed = await bob.ok('removeMember', { conversationId, userId: carol.userId });
    expect(removed.conversation).toMatchObject({ memberCount: 3 });
    await bob.ok('setRole', { conversationId, userId: alice.userId, role: 'owner' });
    expect(await codeOf(bob.call('setRole', { conversationId, userId: dave.userId, role: 'admin' }))).toBe(
      'FORBIDDEN',
    );
    const { members, memberCount } = await bob.ok('getMembers', { conversationId });
    const roles = Object.fromEntries(members.map(({ _id, role }) => [_id, role]));
    expect([roles, memberCount]).toEqual([
      { [alice.userId]: 'owner', [bob.userId]: 'admin', [dave.userId]: 'member' },
      3,
    ]);
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages.flatMap(({ action }) => action?.type ?? [])).toEqual([
      ...['created', 'renamed', 'added', 'removed'],
    ]);
    // The real membership is unchanged: Carol is still a member, Dave is not.
    expect(await codeOf(carol.send(conversationId, 'still here'))).toBe('OK');
    expect(await codeOf(dave.send(conversationId, 'hello?'))).toBe('NOT_PARTICIPANT');
  });

  test('creates groups without other members', async () => {
    const { bob, alice, dave } = await createRestrictedScene(server());
    const wish = { name: SECRET, participants: [alice.userId], open: true, clientConversationId: 'g' };
    const { conversation, created } = await bob.ok('createGroup', wish);
    expect([created, conversation.name, conversation.participants]).toEqual([
      ...[true, SECRET, [alice.userId, bob.userId].sort()],
    ]);
    const conversationId = conversation._id;
    expect((await bob.ok('createGroup', wish)).created).toBe(false);
    expect(await codeOf(bob.send(conversationId, 'anybody?'))).toBe('OK');
    for (const client of [alice, dave]) {
      expect(await codeOf(client.call('getMessages', { conversationId }))).toBe('NOT_PARTICIPANT');
      expect(await codeOf(client.call('joinConversation', { conversationId }))).toBe('NOT_PARTICIPANT');
    }
  });

  test('opens a chat that is invisible to the other user until that user opens it', async () => {
    const { bob, dave } = await createRestrictedScene(server());
    const occasion = { kind: 'seller', title: SECRET };
    const mine = await bob.ok('getOrCreateDirect', { otherUserId: dave.userId, occasion });
    expect(mine).toMatchObject({ created: true, conversation: { occasions: [{ title: SECRET }] } });
    const conversationId = mine.conversation._id;
    const otherDevice = await server().connectAs(bob.userId);
    for (const content of ['one', 'two']) await send(bob, conversationId, content);
    await otherDevice.next('message:new', ({ seq }) => seq === 2);
    await settle(bob);
    // Not even that there is something: nothing at all.
    expect(dave.heard).toEqual([]);
    expect((await dave.ok('getConversations', {})).conversations).toEqual([]);
    const theirs = await dave.ok('getOrCreateDirect', { otherUserId: bob.userId });
    expect(theirs).toMatchObject({
      created: true,
      conversation: { _id: mine.conversation._id, occasions: [], createdBy: dave.userId },
    });
    expect((await dave.ok('getConversations', {})).conversations).toHaveLength(1);
    const { seq } = await send(dave, conversationId, 'hello');
    const { messages } = await dave.ok('getMessages', { conversationId });
    expect(messages.map((entry) => [entry.seq, entry.kind])).toEqual([
      [1, 'hidden'],
      [2, 'hidden'],
      [seq, 'text'],
    ]);
    await bob.next('message:new', (entry) => entry.seq === seq);
    expect(JSON.stringify(dave.heard)).not.toContain(SECRET);
  });

  test('joins nothing, and cannot reopen a chat they have closed: as if it were closed for everyone', async () => {
    const { bob, alice, direct, channel } = await createRestrictedScene(server());
    expect(RESTRICTED_COMMANDS.joinConversation.consequence).toBe('NOT_PARTICIPANT');
    expect(await codeOf(bob.call('joinConversation', { conversationId: channel }))).toBe('NOT_PARTICIPANT');
    await bob.ok('unmatch', { conversationId: direct });
    await alice.next('conversation:removed');
    expect(await codeOf(bob.call('getOrCreateDirect', { otherUserId: alice.userId }))).toBe('BLOCKED');
    await settle(alice);
    expect(alice.pushes('conversation:created').map(({ conversation }) => conversation._id)).not.toContain(
      direct,
    );
  });

  test('deletes their own messages for everyone; as an admin they delete for themselves only', async () => {
    const { bob, alice, group, bobSeq, carolSeq } = await createRestrictedScene(server());
    await bob.ok('editMessage', { conversationId: group, seq: bobSeq, content: SECRET });
    await bob.ok('deleteMessage', { conversationId: group, seq: bobSeq, for: 'everyone' });
    const heard = await alice.next('message:deleted', ({ seq }) => seq === bobSeq);
    expect(heard.message).toMatchObject({ content: '' });
    await bob.ok('deleteMessage', { conversationId: group, seq: carolSeq, for: 'everyone' });
    const contentsFor = async (client: typeof bob) => {
      const { messages } = await client.ok('getMessages', { conversationId: group });
      return [carolSeq, bobSeq].map((place) => messages.find(({ seq }) => seq === place)?.content);
    };
    expect(await contentsFor(bob)).toEqual(['', '']);
    expect(await contentsFor(alice)).toEqual(['I am Carol', '']);
    await settle(alice);
    expect(alice.pushes('message:deleted')).toHaveLength(1);
  });

  test('can still leave, block and report with the usual effect', async () => {
    const { bob, alice, direct, group } = await createRestrictedScene(server());
    await bob.ok('report', { userId: alice.userId, reason: 'spam', comment: 'look' });
    await bob.ok('blockUser', { userId: alice.userId, blocked: true });
    expect(await codeOf(alice.send(direct, 'hello?'))).toBe('BLOCKED');
    await bob.ok('leaveConversation', { conversationId: group });
    await alice.next('message:new', ({ action }) => action?.type === 'left');
  });

  test('has no effect on others over HTTP either', async () => {
    const scene = await createRestrictedScene(server());
    const { bob, alice, dave, group, bobSeq } = scene;
    const before = await worldOf(alice);
    const heardOf = listen([alice, dave]);
    const api = server().api(bob.userId);
    const at = `/api/conversations/${group}`;
    const replies = [
      await api.request('PATCH', `${at}/messages/${bobSeq}`, { content: SECRET }),
      await api.request('PUT', `${at}/messages/${bobSeq}/reactions/${encodeURIComponent(SIGN)}`),
      await api.request('PATCH', at, { name: SECRET }),
      await api.post('/api/conversations', { name: SECRET, participants: [alice.userId] }),
      await api.post('/api/conversations/start', {
        ...{ otherUserId: alice.userId, occasion: { kind: 'order', id: SECRET } },
      }),
      await api.post('/api/chats/create-or-get', { otherUserId: dave.userId }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 201, 200, 201]);
    expect(await heardOf()).toEqual([]);
    expect(await worldOf(alice)).toEqual(before);
  });
});
