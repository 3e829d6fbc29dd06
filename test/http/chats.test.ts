import { describe, expect, test } from 'vitest';
import { LIMITS, type ConversationView, type UserId } from '../../contract/index.js';
import { rawCollection } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { dataOf } from '../support/api.js';

const server = sharedServer();

interface Opened {
  conversation: ConversationView;
  created: boolean;
}
const createOrGet = (caller: UserId, body: object) =>
  server().api(caller).post<Opened>('/api/chats/create-or-get', body);

describe('POST /api/chats/create-or-get', () => {
  test('answers 201 for the first call, 200 for the second, with the same id (promise 1)', async () => {
    const [alice, bob] = people('alice', 'bob');
    const first = await createOrGet(alice, { otherUserId: bob });
    const second = await createOrGet(bob, { otherUserId: alice });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect([dataOf(first).created, dataOf(second).created]).toEqual([true, false]);
    expect(dataOf(second).conversation._id).toBe(dataOf(first).conversation._id);
  });

  test('takes the pair, in either order, as older backends send it', async () => {
    const [alice, bob] = people('alice', 'bob');
    const replies = await Promise.all([
      createOrGet(alice, { participants: [alice, bob] }),
      createOrGet(alice, { participants: [bob, alice] }),
      createOrGet(bob, { participants: [alice, bob] }),
      createOrGet(bob, { otherUserId: alice }),
    ]);
    expect(new Set(replies.map((reply) => dataOf(reply).conversation._id)).size).toBe(1);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
  });

  test.each([5, 150])(
    '%i concurrent requests with tokens of both sides give one id and one document (promise 1)',
    async (count) => {
      const [alice, bob] = people('alice', 'bob');
      const replies = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          index % 2
            ? createOrGet(alice, { otherUserId: bob })
            : createOrGet(bob, { participants: [alice, bob] }),
        ),
      );
      expect(new Set(replies.map((reply) => dataOf(reply).conversation._id)).size).toBe(1);
      expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(count - 1);
      expect(await rawCollection(server(), 'conversations').countDocuments({ participants: alice })).toBe(1);
    },
  );

  test.each([
    ['nobody', {}],
    ['both ways of naming them', { otherUserId: 'bob', participants: ['alice', 'bob'] }],
    ['three', { participants: ['alice', 'bob', 'carol'] }],
    ['one', { participants: ['alice'] }],
    ['an empty id', { otherUserId: '' }],
  ])('refuses %s with VALIDATION', async (_what, body) => {
    const [alice] = people('alice');
    const reply = await createOrGet(alice, body);
    expect([reply.status, reply.body]).toEqual([400, expect.objectContaining({ code: 'VALIDATION' })]);
  });

  test('refuses a chat with oneself, in both forms of the request', async () => {
    const [alice] = people('alice');
    for (const body of [{ otherUserId: alice }, { participants: [alice, alice] }]) {
      const reply = await createOrGet(alice, body);
      expect([reply.status, reply.body]).toEqual([400, expect.objectContaining({ code: 'VALIDATION' })]);
    }
    expect(await rawCollection(server(), 'conversations').countDocuments({ participants: alice })).toBe(0);
  });

  test('notifies the other user live', async () => {
    const [alice, bob] = people('alice', 'bob');
    const client = await server().connectAs(bob);
    const reply = await createOrGet(alice, { otherUserId: bob });
    expect((await client.next('conversation:created')).conversation._id).toBe(dataOf(reply).conversation._id);
  });
});

describe('POST /api/conversations/start', () => {
  test('keeps the occasion with the one conversation of the pair (requirement B2)', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const plain = dataOf(await createOrGet(buyer, { otherUserId: seller }));
    const occasion = { kind: 'product', id: 'sku-1', title: 'A red bicycle' };
    const reply = await server()
      .api(buyer)
      .post<Opened>('/api/conversations/start', { otherUserId: seller, occasion });
    expect(reply.status).toBe(200);
    expect(dataOf(reply).conversation).toMatchObject({
      _id: plain.conversation._id,
      occasions: [{ ...occasion, startedBy: buyer }],
    });
  });

  test('creates the conversation if there is none, and requires an occasion', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const api = server().api(buyer);
    const without = await api.post('/api/conversations/start', { otherUserId: seller });
    expect(without.status).toBe(400);
    const reply = await api.post('/api/conversations/start', {
      otherUserId: seller,
      occasion: { kind: 'general' },
    });
    expect(reply.status).toBe(201);
  });
});

describe('GET /api/conversations', () => {
  test('pages by cursor, and shows one by its id', async () => {
    const [alice] = people('alice');
    const api = server().api(alice);
    const ids = [];
    for (const name of ['one', 'two', 'three'] as const) {
      ids.unshift(dataOf(await createOrGet(alice, { otherUserId: people(name)[0] })).conversation._id);
    }
    interface Page {
      conversations: ConversationView[];
      nextCursor?: string;
    }
    const first = dataOf(await api.get<Page>('/api/conversations?limit=2'));
    const second = dataOf(await api.get<Page>(`/api/conversations?limit=2&cursor=${first.nextCursor ?? ''}`));
    expect([...first.conversations, ...second.conversations].map(({ _id }) => _id)).toEqual(ids);
    expect(second).not.toHaveProperty('nextCursor');
    const one = await api.get<{ conversation: ConversationView }>(`/api/conversations/${ids[0] ?? ''}`);
    expect(dataOf(one).conversation).toEqual(first.conversations[0]);
  });
});

describe('messages over HTTP', () => {
  test('are answered 201 when stored now, 200 when stored before, 409 with other content (promise 4)', async () => {
    const [alice, bob] = people('alice', 'bob');
    const { conversation } = dataOf(await createOrGet(alice, { otherUserId: bob }));
    const client = await server().connectAs(bob);
    const path = `/api/conversations/${conversation._id}/messages`;
    const message = { content: 'hello', clientMessageId: 'm-1' };
    const replies = [];
    for (const body of [message, message, { ...message, content: 'other' }]) {
      replies.push(await server().api(alice).post(path, body));
    }
    expect(replies.map(({ status }) => status)).toEqual([201, 200, 409]);
    expect(replies.map(({ body }) => body)).toMatchObject([
      { success: true, data: { seq: 1, duplicate: false } },
      { success: true, data: { seq: 1, duplicate: true } },
      { success: false, code: 'CONFLICT', clientMessageId: 'm-1' },
    ]);
    expect(await client.next('message:new')).toMatchObject({ content: 'hello', senderId: alice });
    expect(await rawCollection(server(), 'messages').countDocuments({ senderId: alice })).toBe(1);
  });

  test('reach the sender’s own devices as well', async () => {
    const [alice, bob] = people('alice', 'bob');
    const { conversation } = dataOf(await createOrGet(alice, { otherUserId: bob }));
    const device = await server().connectAs(alice);
    await server()
      .api(alice)
      .post(`/api/conversations/${conversation._id}/messages`, { content: 'x', clientMessageId: 'm' });
    expect(await device.next('message:new')).toMatchObject({ seq: 1 });
  });

  test('that are too long are TOO_LARGE with their clientMessageId; a body that is too large is too', async () => {
    const [alice, bob] = people('alice', 'bob');
    const { conversation } = dataOf(await createOrGet(alice, { otherUserId: bob }));
    const api = server().api(alice);
    const path = `/api/conversations/${conversation._id}/messages`;
    const long = await api.post(path, { content: 'x'.repeat(LIMITS.maxTextChars + 1), clientMessageId: 'm' });
    expect([long.status, long.body]).toEqual([
      413,
      expect.objectContaining({ code: 'TOO_LARGE', clientMessageId: 'm' }),
    ]);
    const huge = await api.post(path, { content: 'x'.repeat(LIMITS.maxBodyBytes), clientMessageId: 'm' });
    expect([huge.status, huge.body]).toEqual([413, expect.objectContaining({ code: 'TOO_LARGE' })]);
    expect(await rawCollection(server(), 'messages').countDocuments({ senderId: alice })).toBe(0);
  });

  test('are read and delivered, and the sender is notified', async () => {
    const [alice, bob] = people('alice', 'bob');
    const { conversation } = dataOf(await createOrGet(alice, { otherUserId: bob }));
    const client = await server().connectAs(alice);
    await client.send(conversation._id, 'hello');
    const api = server().api(bob);
    const path = `/api/conversations/${conversation._id}`;
    expect(dataOf(await api.get('/api/unread'))).toEqual({
      totalUnread: 1,
      mutedUnread: 0,
      unreadConversations: 1,
    });
    expect(await api.post(`${path}/delivered`, { seq: 1 })).toMatchObject({
      status: 200,
      body: { data: { deliveredSeq: 1, readSeq: 0, unreadCount: 1 } },
    });
    expect(await api.post(`${path}/read`, { seq: 99 })).toMatchObject({
      status: 200,
      body: { data: { readSeq: 1, unreadCount: 0 } },
    });
    await client.next('message:status', ({ readSeq }) => readSeq === 1);
    expect(dataOf(await api.get('/api/unread'))).toEqual({
      totalUnread: 0,
      mutedUnread: 0,
      unreadConversations: 0,
    });
    const missing = await api.post(`${path}/read`, { messageId: 'f'.repeat(24) });
    expect([missing.status, missing.body]).toEqual([404, expect.objectContaining({ code: 'NOT_FOUND' })]);
  });
});
