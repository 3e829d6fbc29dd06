import { beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_USER_ID, type MessagePageAnswer } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Refused } from '../support/client.js';
import { until } from '../support/until.js';
import { backendOf, type Backend } from './support/backend.js';

const server = sharedServer({ env: { EDIT_WINDOW_MS: '1', DELETE_WINDOW_MS: '1' } });
let backend: Backend;
beforeAll(async () => {
  backend = await backendOf(server());
});

async function createPair() {
  const [a, b] = people('alice', 'bob');
  const conversationId = await openChat(server(), [a, b]);
  const [alice, bob] = await Promise.all([server().connectAs(a), server().connectAs(b)]);
  return { a, b, alice, bob, conversationId, messages: `/conversations/${conversationId}/messages` };
}

describe('a system message', () => {
  test('is an ordinary message of the system: heard, counted, found and answered by both', async () => {
    await backend.ok('PUT', `/users/${SYSTEM_USER_ID}`, { body: { name: 'The app' } });
    const { alice, bob, conversationId, messages } = await createPair();
    const body = { content: 'You have matched. Say hello.' };
    const sent = await backend.call('POST', messages, { body });
    expect([sent.status, sent.body]).toMatchObject([
      201,
      { data: { conversationId, seq: 1, duplicate: false } },
    ]);
    for (const client of [alice, bob]) {
      expect(await client.next('message:new')).toMatchObject({
        ...body,
        senderId: SYSTEM_USER_ID,
        sender: { _id: SYSTEM_USER_ID, name: 'The app' },
        kind: 'text',
        seq: 1,
      });
      await until(async () => (await client.ok('getConversations', {})).totalUnread === 1);
      const { conversations } = await client.ok('getConversations', {});
      expect(conversations[0]).toMatchObject({ unreadCount: 1, lastMessage: body, messageCount: 1 });
      expect(conversations[0]?.members).toHaveLength(2);
    }
    await alice.ok('sendMessage', { conversationId, content: 'hi', clientMessageId: 'x', replyTo: 1 });
    const { messages: seen } = await bob.ok('getMessages', { conversationId });
    expect(seen[1]).toMatchObject({ quoted: { content: body.content, senderId: SYSTEM_USER_ID } });
    await bob.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
    expect((await alice.next('message:reaction')).message).toMatchObject({ senderId: SYSTEM_USER_ID });
    // The verification of the stored data takes the system for no foreign sender, and the system is no member.
    const found = await server().app.models.verification.verify(() => Promise.resolve());
    expect(Object.entries(found).filter(([, count]) => count > 0)).toEqual([]);
    expect(await server().app.models.members.model.countDocuments({ userId: SYSTEM_USER_ID })).toBe(0);
  });

  test('reaches groups, where it makes the system no member', async () => {
    const [a, b] = people('alice', 'bob');
    const bob = await server().connectAs(b);
    const { conversation } = await server().app.services.groups.create(
      { userId: a },
      { name: 'Hikers', participants: [b] },
    );
    const path = `/conversations/${conversation._id}/messages`;
    await backend.ok('POST', path, { body: { card: { kind: 'order', title: 'A bicycle' } } });
    expect(await bob.next('message:new', ({ kind }) => kind === 'card')).toMatchObject({
      senderId: SYSTEM_USER_ID,
      card: { title: 'A bicycle' },
    });
    await until(async () => (await bob.ok('getConversations', {})).totalUnread === 1);
    const { members } = await bob.ok('getMembers', { conversationId: conversation._id });
    expect(members.map(({ _id }) => _id)).toEqual([a, b]);
    // Positions of senders are written before the summary.
    const { conversations } = server().app.models;
    await until(async () => (await conversations.findById(conversation._id))?.lastSeq === 2);
    expect(await server().app.models.members.model.countDocuments({ userId: SYSTEM_USER_ID })).toBe(0);
  });

  test('cannot come from anybody else: the id of the system is refused in tokens and payloads', async () => {
    const { alice, conversationId, messages } = await createPair();
    const token = server().token(SYSTEM_USER_ID);
    await expect(server().connectAs(SYSTEM_USER_ID, { token })).rejects.toThrow(Refused);
    for (const [event, payload] of [
      ['getOrCreateDirect', { otherUserId: SYSTEM_USER_ID }],
      ['blockUser', { userId: SYSTEM_USER_ID, blocked: true }],
      ['createGroup', { name: 'x', participants: [SYSTEM_USER_ID] }],
      ['addMembers', { conversationId, userIds: [SYSTEM_USER_ID] }],
    ] as const) {
      expect(await alice.call(event, payload)).toMatchObject({ code: 'VALIDATION' });
    }
    const body = { content: 'x', senderId: SYSTEM_USER_ID };
    expect(await backend.codeOf('POST', messages, { body })).toBe('VALIDATION');
    for (const [method, path] of [
      ['PUT', `/users/${SYSTEM_USER_ID}/ban`],
      ['DELETE', `/users/${SYSTEM_USER_ID}`],
      ['POST', `/users/${SYSTEM_USER_ID}/token`],
      ['PUT', `/users/${SYSTEM_USER_ID}/restriction`],
    ] as const) {
      expect(await backend.codeOf(method, path)).toBe('VALIDATION');
    }
  });
});

describe('a message sent as a user', () => {
  test('is heard by the other user and by all devices of the sender, and follows the rules of the sender', async () => {
    const { a, alice, bob, messages } = await createPair();
    const [stranger] = people('stranger');
    const body = { senderId: a, content: 'from the web shop', clientMessageId: 'shop-1' };
    const first = await backend.ok('POST', messages, { body });
    for (const client of [alice, bob]) {
      expect(await client.next('message:new')).toMatchObject({ senderId: a, content: body.content });
    }
    const again = await backend.call('POST', messages, { body });
    expect([again.status, again.body]).toEqual([200, { success: true, data: { ...first, duplicate: true } }]);
    const other = { body: { ...body, content: 'something else' } };
    expect(await backend.codeOf('POST', messages, other)).toBe('CONFLICT');
    const foreign = { body: { senderId: stranger, content: 'x' } };
    expect(await backend.codeOf('POST', messages, foreign)).toBe('NOT_PARTICIPANT');
    expect(await backend.codeOf('POST', messages, { body: { content: 'x'.repeat(8_001) } })).toBe(
      'TOO_LARGE',
    );
    expect(await backend.codeOf('POST', messages, { body: { content: ' ' } })).toBe('VALIDATION');
    expect(await backend.codeOf('POST', messages, { body: '{' })).toBe('VALIDATION');
  });

  test('under a restriction is marked for the backend, and seen by no other user', async () => {
    const { a, alice, bob, conversationId, messages } = await createPair();
    await alice.send(conversationId, 'hi');
    await bob.next('message:new');
    await backend.ok('PUT', `/users/${a}/restriction`);
    await backend.ok('POST', messages, { body: { senderId: a, content: 'buy this' } });
    expect(await bob.next('message:new', ({ seq }) => seq === 2)).toMatchObject({ kind: 'hidden' });
    const page = await backend.ok<MessagePageAnswer>('GET', messages);
    expect(page.messages).toMatchObject([{ content: 'hi' }, { content: 'buy this', shadow: true }]);
    for (const client of [alice, bob]) {
      const { messages: seen } = await client.ok('getMessages', { conversationId });
      expect(JSON.stringify(seen)).not.toContain('shadow');
    }
    await backend.ok('DELETE', `/users/${a}/restriction`);
    await backend.ok('POST', messages, { body: { senderId: a, content: 'hello' } });
    expect(await bob.next('message:new', ({ seq }) => seq === 3)).toMatchObject({ content: 'hello' });
  });
});

describe('moderation', () => {
  test('edits and deletes any message, of any age, also after the chat was closed; no copy of the text remains', async () => {
    const { a, alice, bob, conversationId, messages } = await createPair();
    const insult = 'an insult that has to go';
    const { seq } = await sendAs(server(), { conversationId, sender: a, content: insult });
    await bob.next('message:new');
    expect(await alice.call('editMessage', { conversationId, seq, content: 'nice' })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    const edit = { body: { content: '***' }, key: 'edit-1' };
    expect(await backend.ok('PATCH', `${messages}/${seq}`, edit)).toEqual({ conversationId, seq, rev: 1 });
    for (const client of [alice, bob]) {
      const { message } = await client.next('message:updated');
      expect(message).toMatchObject({ content: '***' });
    }
    await backend.ok('POST', `/conversations/${conversationId}/close`);
    const deleted = await backend.ok('DELETE', `${messages}/${seq}`, { key: 'delete-1' });
    expect(deleted).toEqual({ conversationId, seq, rev: 2 });
    expect(await backend.ok('DELETE', `${messages}/${seq}`)).toMatchObject({ seq });
    const page = await backend.ok<MessagePageAnswer>('GET', `${messages}?after=0`);
    expect(page.messages[0]).toMatchObject({ content: '', deletedAt: expect.any(String) as string });
    const connection = server().app.models.audit.model.db;
    for (const name of ['messages', 'changes', 'audit', 'idempotency', 'conversations', 'reports']) {
      const stored = await connection.collection(name).find().toArray();
      expect([name, JSON.stringify(stored).includes(insult)]).toEqual([name, false]);
    }
    for (const missing of ['99', '1000000']) {
      expect(await backend.codeOf('DELETE', `${messages}/${missing}`)).toBe('NOT_FOUND');
    }
    for (const wrong of ['0', '-1', 'x', '1.5', '9'.repeat(20)]) {
      expect(await backend.codeOf('DELETE', `${messages}/${wrong}`)).toBe('VALIDATION');
    }
  });

  test('lists reports and resolves them; acts of moderators with a token are in the audit log too', async () => {
    const { a, bob } = await createPair();
    const moderator = await server().connectAs('moderator', {
      token: server().token('moderator', { roles: ['moderator'] }),
    });
    const { reportId } = await bob.ok('report', { userId: a, reason: 'spam', comment: 'sells bicycles' });
    const { reports } = await backend.ok<{ reports: { _id: string }[] }>('GET', '/reports?limit=200');
    expect(reports.map(({ _id }) => _id)).toContain(reportId);
    await backend.ok('POST', `/reports/${reportId}/resolve`, { body: { resolution: 'warned' } });
    const resolved = await backend.ok<{ reports: { _id: string }[] }>('GET', '/reports?status=resolved');
    expect(resolved.reports).toMatchObject([{ _id: reportId, resolution: 'warned', status: 'resolved' }]);
    const unknown = { body: { resolution: 'x' } };
    expect(await backend.codeOf('POST', `/reports/${'0'.repeat(24)}/resolve`, unknown)).toBe('NOT_FOUND');
    await moderator.ok('restrictUser', { userId: a, restricted: true });
    await moderator.call('resolveReport', { reportId: '0'.repeat(24), resolution: 'x' });
    const page = await backend.ok<{ entries: Record<string, unknown>[] }>('GET', '/audit?limit=4');
    const from = expect.stringContaining('127.0.0.1') as string;
    const actor = { kind: 'moderator', id: 'moderator' };
    expect(page.entries).toMatchObject([
      { actor, from, action: 'resolveReport', targets: { reportId: '0'.repeat(24) }, outcome: 'NOT_FOUND' },
      { actor, from, action: 'restrictUser', targets: { userIds: [a] }, outcome: 'OK' },
      { actor: { kind: 'key' }, action: 'resolveServerReport', outcome: 'NOT_FOUND' },
      { actor: { kind: 'key' }, action: 'resolveServerReport', targets: { reportId }, outcome: 'OK' },
    ]);
    expect(JSON.stringify(page)).not.toMatch(/warned|bicycles/);
  });

  test('reads the audit log in pages, newest first', async () => {
    const first = await backend.ok<{ entries: { _id: string }[]; nextCursor: string }>(
      'GET',
      '/audit?limit=2',
    );
    const second = await backend.ok<{ entries: { _id: string }[] }>(
      'GET',
      `/audit?limit=2&cursor=${first.nextCursor}`,
    );
    const ids = [...first.entries, ...second.entries].map(({ _id }) => _id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect(ids).toHaveLength(4);
    expect(await backend.codeOf('GET', '/audit?cursor=x')).toBe('VALIDATION');
  });
});
