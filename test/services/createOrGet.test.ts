import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';
import { rawCollection } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';

const open = (server: TestServer, caller: UserId, other: UserId) =>
  server.app.services.conversations.getOrCreateDirect(caller, other);

const holdersOf = (server: TestServer, a: UserId, b: UserId) =>
  rawCollection(server, 'conversations')
    .find({ participantsKey: participantsKey(a, b) })
    .toArray();

describe('create-or-get', () => {
  const server = sharedServer();

  test('the first call creates, the second gets the same (promise 1)', async () => {
    const [alice, bob] = people('alice', 'bob');
    const first = await open(server(), alice, bob);
    const second = await open(server(), bob, alice);
    expect(first.created).toBe(true);
    expect(second.created).toBe(false);
    expect(second.conversation._id).toBe(first.conversation._id);
    expect(second.conversation.participants).toEqual([alice, bob].sort());
    expect(second.conversation.createdBy).toBe(alice);
  });

  test.each([5, 150])(
    '%i concurrent calls from both sides create one conversation (promise 1)',
    async (count) => {
      const [alice, bob] = people('alice', 'bob');
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          index % 2 ? open(server(), alice, bob) : open(server(), bob, alice),
        ),
      );
      expect(new Set(answers.map(({ conversation }) => conversation._id)).size).toBe(1);
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(await holdersOf(server(), alice, bob)).toHaveLength(1);
    },
  );

  test('concurrent calls of two servers on one database create one conversation (promise 1)', async () => {
    const databaseName = newDatabaseName();
    await using one = await startServer({ databaseName });
    await using two = await startServer({ databaseName });
    const [alice, bob] = people('alice', 'bob');
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => open(index % 2 ? one : two, alice, bob)),
    );
    expect(new Set(answers.map(({ conversation }) => conversation._id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await holdersOf(one, alice, bob)).toHaveLength(1);
  });

  test('pairs whose ids look alike have different conversations (promise 1)', async () => {
    const [prefix] = people('p');
    const pairs = [
      [`${prefix}_v`, 'w'],
      [prefix, 'v_w'],
      [`${prefix}%5Fv`, 'w'],
      [prefix, 'w'],
      [prefix.toUpperCase(), 'w'],
      [`${prefix} `, 'w'],
    ] as [UserId, UserId][];
    const before = await server().metric('parley_conversation_quarantined_key_total');
    const ids: string[] = [];
    for (const [a, b] of pairs) ids.push((await open(server(), a, b)).conversation._id);
    expect(new Set(ids).size).toBe(pairs.length);
    const again = await Promise.all(pairs.map(([a, b]) => open(server(), b, a)));
    expect(again.map(({ conversation }) => conversation._id)).toEqual(ids);
    expect(await server().metric('parley_conversation_quarantined_key_total')).toBe(before);
  });

  test('a chat with oneself is refused, and nothing is stored', async () => {
    const [alice] = people('alice');
    await expect(open(server(), alice, alice)).rejects.toMatchObject({ code: 'VALIDATION' });
    expect(await holdersOf(server(), alice, alice)).toEqual([]);
  });

  test('the duration of create-or-get is measured', async () => {
    const [alice, bob] = people('alice', 'bob');
    await open(server(), alice, bob);
    expect(await server().metric('parley_create_or_get_seconds')).toBeGreaterThan(0);
  });
});

describe('a duplicate key (code 11000)', () => {
  /** Makes every document of this creator after the first violate a unique index, like a lost race. */
  async function refuseSecondOf(server: TestServer, creator: UserId): Promise<void> {
    const conversations = rawCollection(server, 'conversations');
    await conversations.createIndex({ createdBy: 1 }, { unique: true, name: 'only_in_this_test' }, {});
    await conversations.insertOne({ type: 'direct', participants: ['x', 'y'], createdBy: creator });
  }

  /** Wire format of a filter, which identifies one query. */
  const filterBytes = (filter: object): Uint8Array =>
    mongoose.mongo.BSON.serialize({ filter }).subarray(4, -1);

  test('is counted, and answered with the document that won the race (requirement A3)', async () => {
    const databaseName = newDatabaseName();
    await using direct = await startServer({ databaseName });
    await using proxy = await TcpProxy.start(direct.app.models.conversations.model.db.port);
    await using server = await startServer({ databaseName, mongoUri: proxy.mongoUri });
    const [alice, bob] = people('alice', 'bob');
    await refuseSecondOf(direct, alice);

    // The loser has met the index and reads the winner, which is stored at this moment.
    const search = proxy.watch(filterBytes({ participantsKey: participantsKey(alice, bob) }), 'hold', 1);
    const losing = open(server, alice, bob);
    await until(() => search.hits === 1, { what: 'the search for the winner' });
    const winner = await open(direct, bob, alice);
    search.release();

    const { conversation, created } = await losing;
    expect(conversation._id).toBe(winner.conversation._id);
    expect(created).toBe(false);
    expect(await server.metric('parley_conversation_duplicate_key_total')).toBe(1);
    expect(await holdersOf(direct, alice, bob)).toHaveLength(1);
  });

  test('is answered with the winner also when that can be read only a third of a second later', async () => {
    const databaseName = newDatabaseName();
    await using server = await startServer({ databaseName });
    await using other = await startServer({ databaseName });
    const [alice, bob] = people('alice', 'bob');
    await refuseSecondOf(server, alice);
    const losing = open(server, alice, bob);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const winner = await open(other, bob, alice);
    expect((await losing).conversation._id).toBe(winner.conversation._id);
  });

  test('without a winner is UNAVAILABLE after some attempts, never a database error', async () => {
    await using server = await startServer();
    const [alice, bob] = people('alice', 'bob');
    await refuseSecondOf(server, alice);
    await expect(open(server, alice, bob)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const reply = await server.api(alice).post('/api/chats/create-or-get', { otherUserId: bob });
    expect(reply.status).toBe(503);
    expect(reply.body).toMatchObject({
      success: false,
      code: 'UNAVAILABLE',
      retryAfterMs: expect.any(Number) as number,
    });
    expect(JSON.stringify(reply.body)).not.toMatch(/E?11000|duplicate/i);
  });
});

describe('a document that holds the key of a pair but is not that pair (requirement B3)', () => {
  const server = sharedServer();

  test.each([
    ['a third person', (a: string, b: string) => ({ type: 'direct', participants: [a, b, 'carol'] })],
    ['one person', (a: string) => ({ type: 'direct', participants: [a] })],
    ['nobody', () => ({ type: 'direct', participants: [] })],
    ['the same person twice', (a: string) => ({ type: 'direct', participants: [a, a] })],
    ['another pair', (a: string) => ({ type: 'direct', participants: [a, 'dan'] })],
    ['a group of two', (a: string, b: string) => ({ type: 'group', participants: [a, b] })],
  ])('is set aside when it has %s, and a right one is made', async (_what, wrong) => {
    const [alice, bob] = people('alice', 'bob');
    const key = participantsKey(alice, bob);
    const before = await server().metric('parley_conversation_quarantined_key_total');
    const { insertedId } = await rawCollection(server(), 'conversations').insertOne({
      ...wrong(alice, bob),
      participantsKey: key,
      lastMessageAt: new Date(),
      changedAt: new Date(),
    });

    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        index % 2 ? open(server(), alice, bob) : open(server(), bob, alice),
      ),
    );
    const ids = new Set(answers.map(({ conversation }) => conversation._id));
    expect(ids.size).toBe(1);
    expect(ids.has(insertedId.toHexString() as never)).toBe(false);
    expect(answers[0]?.conversation.participants).toEqual([alice, bob].sort());
    expect(await holdersOf(server(), alice, bob)).toHaveLength(1);

    const aside = await rawCollection(server(), 'conversations').findOne({ _id: insertedId });
    expect(aside).toMatchObject({ quarantinedKey: key });
    expect(aside).not.toHaveProperty('participantsKey');
    expect(await server().metric('parley_conversation_quarantined_key_total')).toBe(before + 1);
  });

  test('is never shown, counted, read, or written to (requirement B1)', async () => {
    const [alice, bob] = people('alice', 'bob');
    const { insertedId } = await rawCollection(server(), 'conversations').insertOne({
      type: 'direct',
      participants: [alice, bob, 'carol'],
      participantsKey: participantsKey(alice, bob),
      lastSeq: 5,
      messageCount: 5,
      lastSent: [0, 5, 0],
      maybeUnread: [alice],
      lastMessageAt: new Date(),
      changedAt: new Date(),
    });
    const api = server().api(alice);
    const id = insertedId.toHexString();
    const list = await api.get('/api/conversations');
    expect(list.body).toMatchObject({ data: { conversations: [], totalUnread: 0 } });
    expect((await api.get('/api/unread')).body).toMatchObject({
      data: { totalUnread: 0, unreadConversations: 0 },
    });
    expect((await api.get('/api/sync')).body).toMatchObject({ data: { conversations: [], totalUnread: 0 } });
    for (const reply of [
      await api.get(`/api/conversations/${id}`),
      await api.get(`/api/conversations/${id}/messages`),
      await api.post(`/api/conversations/${id}/messages`, { content: 'x', clientMessageId: 'm' }),
      await api.post(`/api/conversations/${id}/read`, { seq: 1 }),
    ]) {
      expect(reply.body).toMatchObject({ success: false, code: 'NOT_PARTICIPANT' });
    }
  });
});

describe('documents without a key (requirement A2, A9)', () => {
  const server = sharedServer();

  test('remain valid next to each other: the index ignores them', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversations = rawCollection(server(), 'conversations');
    const old = {
      type: 'direct',
      participants: [alice, bob],
      lastMessageAt: new Date(),
      changedAt: new Date(),
    };
    const { insertedIds } = await conversations.insertMany([
      { ...old },
      { ...old },
      { type: 'group', participants: [alice] },
    ]);
    const ids = Object.values(insertedIds).slice(0, 2);
    const client = await server().connectAs(alice);
    const { conversations: listed } = await client.ok('getConversations', {});
    expect(listed.map(({ _id }) => _id).sort()).toEqual(ids.map(String).sort());
    for (const id of ids) expect(await client.send(String(id), 'hello')).toMatchObject({ data: { seq: 1 } });
  });

  test('with only participants can be read and written', async () => {
    const [alice, bob] = people('alice', 'bob');
    const _id = new mongoose.Types.ObjectId();
    await rawCollection(server(), 'conversations').insertOne({ _id, participants: [alice, bob] });
    const client = await server().connectAs(bob);
    const { conversation } = await client.ok('getConversation', { conversationId: _id.toHexString() });
    expect(conversation).toMatchObject({ type: 'direct', lastSeq: 0, unreadCount: 0, occasions: [] });
    expect(await client.send(_id.toHexString(), 'hello')).toMatchObject({ success: true, data: { seq: 1 } });
    await until(async () => (await client.ok('getConversations', {})).conversations[0]?.lastSeq === 1);
  });
});
