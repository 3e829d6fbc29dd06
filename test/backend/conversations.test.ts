import { beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_USER_ID, type RefusedUser } from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { backendOf, type Backend } from './support/backend.js';

const server = sharedServer();
let backend: Backend;
beforeAll(async () => {
  backend = await backendOf(server());
});

interface Opened {
  conversationId: string;
  created: boolean;
}

const connect = (...userIds: string[]): Promise<TestClient[]> =>
  Promise.all(userIds.map((userId) => server().connectAs(userId)));

const codeOf = async (answer: Promise<{ success: boolean; code?: string }>): Promise<string> => {
  const { success, code } = await answer;
  return success ? 'OK' : (code ?? '');
};

describe('a chat opened on a match', () => {
  test('is heard by both, with its occasion, and is the same one whoever opens it again', async () => {
    const [a, b] = people('alice', 'bob');
    const [alice, bob] = (await connect(a, b)) as [TestClient, TestClient];
    const body = { userIds: [a, b], occasion: { kind: 'general', title: 'You matched' } };
    const first = await backend.call<Opened>('POST', '/conversations/direct', { body });
    expect([first.status, first.body]).toMatchObject([201, { data: { created: true } }]);
    const heard = await Promise.all([alice, bob].map((client) => client.next('conversation:created')));
    for (const { conversation } of heard) {
      expect(conversation.occasions).toMatchObject([{ kind: 'general', title: 'You matched', startedBy: a }]);
    }
    const again = await backend.call<Opened>('POST', '/conversations/direct', {
      body: { userIds: [b, a] },
    });
    expect([again.status, again.body]).toMatchObject([
      200,
      { data: { created: false, conversationId: heard[0]?.conversation._id } },
    ]);
    expect(await alice.open(b)).toBe(heard[0]?.conversation._id);
  });

  test('that the backend closes is opened again by nobody else, and keeps its history', async () => {
    const [a, b] = people('alice', 'bob');
    const [alice, bob] = (await connect(a, b)) as [TestClient, TestClient];
    const { conversationId } = await backend.ok<Opened>('POST', '/conversations/direct', {
      body: { userIds: [a, b] },
    });
    await alice.send(conversationId, 'hello');
    expect(await backend.codeOf('POST', `/conversations/${conversationId}/close`)).toBe('OK');
    for (const client of [alice, bob]) {
      expect(await client.next('conversation:removed')).toMatchObject({ conversationId, reason: 'closed' });
      expect((await client.ok('getConversations', {})).conversations).toEqual([]);
    }
    for (const [client, other] of [
      [alice, b],
      [bob, a],
    ] as const) {
      expect(await codeOf(client.call('getOrCreateDirect', { otherUserId: other }))).toBe('BLOCKED');
      expect(await codeOf(client.send(conversationId, 'still there?'))).toBe('NOT_PARTICIPANT');
    }
    const send = { body: { content: 'too late' } };
    expect(await backend.codeOf('POST', `/conversations/${conversationId}/messages`, send)).toBe('FORBIDDEN');
    // The backend still reads it.
    const { conversation } = await backend.ok<{ conversation: { closed: boolean } }>(
      'GET',
      `/conversations/${conversationId}`,
    );
    expect(conversation).toMatchObject({ _id: conversationId, closed: true });
    expect(Object.keys(conversation)).not.toContain('unreadCount');
    const reopened = await backend.ok('POST', `/conversations/${conversationId}/reopen`);
    expect(reopened).toEqual({ conversationId, reopened: true });
    expect(
      (await bob.next('conversation:created', ({ conversation: one }) => one.lastSeq > 1)).conversation._id,
    ).toBe(conversationId);
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).toContain('hello');
    expect(await backend.ok('POST', `/conversations/${conversationId}/reopen`)).toMatchObject({
      reopened: false,
    });
  });

  test('that the backend closes for a user can be opened again by that user only', async () => {
    const [a, b] = people('alice', 'bob');
    const [alice, bob] = (await connect(a, b)) as [TestClient, TestClient];
    const conversationId = await alice.open(b);
    await backend.ok('POST', `/conversations/${conversationId}/close`, { body: { userId: a } });
    expect(await codeOf(bob.call('getOrCreateDirect', { otherUserId: a }))).toBe('BLOCKED');
    expect(await alice.open(b)).toBe(conversationId);
  });

  test('is refused for blocked users, for one user, and for the system', async () => {
    const [a, b] = people('alice', 'bob');
    const [alice] = (await connect(a)) as [TestClient];
    const open = (userIds: string[]) =>
      backend.codeOf('POST', '/conversations/direct', { body: { userIds } });
    // Blocks of users who have met are not hidden from each other.
    const conversationId = await alice.open(b);
    await alice.send(conversationId, 'hello');
    await (await server().connectAs(b)).send(conversationId, 'hello');
    await alice.ok('blockUser', { userId: b, blocked: true });
    expect(await open([a, b])).toBe('BLOCKED');
    expect(await open([a, a])).toBe('VALIDATION');
    expect(await open([a, SYSTEM_USER_ID])).toBe('VALIDATION');
  });
});

describe('a group of the backend', () => {
  test('has any owner; members added by the backend hear it, whatever their privacy settings say', async () => {
    const [a, b, c] = people('alice', 'bob', 'carol');
    const [alice, bob, carol] = (await connect(a, b, c)) as [TestClient, TestClient, TestClient];
    for (const client of [bob, carol]) await client.ok('updatePrivacy', { addToGroups: 'nobody' });
    const body = { ownerId: a, name: 'Hikers', participants: [b] };
    const created = await backend.ok<Opened & { refused: RefusedUser[] }>('POST', '/conversations', { body });
    // At its creation the owner acts, so the members' settings count.
    expect(created).toMatchObject({ created: true, refused: [{ userId: b, code: 'FORBIDDEN' }] });
    expect((await alice.next('conversation:created')).conversation.members).toMatchObject([
      { _id: a, role: 'owner' },
    ]);
    const { conversationId } = created;
    const members = `/conversations/${conversationId}/members`;
    const added = await backend.ok('POST', members, { body: { userIds: [b, c] } });
    expect(added).toEqual({ conversationId, refused: [] });
    for (const client of [bob, carol]) await client.next('conversation:created');
    const entry = await alice.next('message:new', ({ seq }) => seq === 2);
    expect(entry).toMatchObject({
      senderId: SYSTEM_USER_ID,
      action: { type: 'added', userIds: expect.arrayContaining([b, c]) as string[] },
    });
    const list = await backend.ok<{ members: { _id: string }[]; memberCount: number }>('GET', members);
    expect(list.members.map(({ _id }) => _id).sort()).toEqual([a, b, c].sort());
    expect(list.memberCount).toBe(3);
    await backend.ok('DELETE', `${members}/${c}`);
    expect(await carol.next('conversation:removed')).toMatchObject({ conversationId, reason: 'removed' });
    expect(await codeOf(carol.send(conversationId, 'still here?'))).toBe('NOT_PARTICIPANT');
    expect(await backend.codeOf('DELETE', `${members}/${a}`)).toBe('FORBIDDEN');
    await backend.ok('PATCH', `/conversations/${conversationId}`, { body: { name: 'Climbers' } });
    expect((await bob.ok('getConversation', { conversationId })).conversation.name).toBe('Climbers');
  });

  test('may be a channel, and what names no conversation is refused', async () => {
    const [a, b] = people('alice', 'bob');
    const [bob] = (await connect(b)) as [TestClient];
    const body = { ownerId: a, type: 'channel', name: 'News', participants: [b] };
    const { conversationId } = await backend.ok<Opened>('POST', '/conversations', { body });
    const list = await backend.ok<{ conversations: { _id: string }[] }>('GET', `/users/${b}/conversations`);
    expect(list.conversations.map(({ _id }) => _id)).toEqual([conversationId]);
    await bob.ok('watchConversation', { conversationId, watching: true });
    await backend.ok('POST', `/conversations/${conversationId}/messages`, { body: { content: 'news' } });
    expect(await bob.next('message:new')).toMatchObject({ senderId: SYSTEM_USER_ID, content: 'news' });
    const unknown = '65f0c1a2b3c4d5e6f7a8b9c0';
    for (const [method, path, options] of [
      ['GET', `/conversations/${unknown}`],
      ['POST', `/conversations/${unknown}/close`],
      ['POST', `/conversations/${unknown}/reopen`],
      ['GET', `/conversations/${unknown}/members`],
      ['GET', `/conversations/${unknown}/messages`],
      ['POST', `/conversations/${unknown}/members`, { body: { userIds: [a] } }],
      ['POST', `/conversations/${unknown}/messages`, { body: { content: 'x' } }],
      ['DELETE', `/conversations/${unknown}/messages/1`],
    ] as const) {
      expect([path, await backend.codeOf(method, path, options)]).toEqual([path, 'NOT_PARTICIPANT']);
    }
    for (const id of ['x', 'A'.repeat(24), '%24ne', '..%2f..']) {
      expect(await backend.codeOf('GET', `/conversations/${id}`)).toBe('VALIDATION');
    }
    const direct = await bob.open(a);
    for (const [method, path, options] of [
      ['POST', `/conversations/${direct}/members`, { body: { userIds: ['carol'] } }],
      ['DELETE', `/conversations/${direct}/members/${b}`],
      ['PATCH', `/conversations/${direct}`, { body: { name: 'x' } }],
      ['POST', `/conversations/${conversationId}/close`],
    ] as const) {
      expect([path, await backend.codeOf(method, path, options)]).toEqual([path, 'FORBIDDEN']);
    }
  });
});
