import { describe, expect, test } from 'vitest';
import {
  LIMITS,
  type ConversationView,
  type SettingsView,
  type SyncAnswer,
  type UserId,
} from '../../contract/index.js';
import { fillChat, openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { startServer } from '../support/server.js';

const server = sharedServer();

/** State of a client that knows only what `sync` returns. */
class Replica {
  readonly conversations = new Map<string, ConversationView>();
  readonly settings = new Map<string, SettingsView>();
  cursor: string | undefined;
  rounds = 0;

  constructor(readonly client: TestClient) {}

  /** Syncs one round: pages until there are no more. @returns the ids in their order. */
  async sync(): Promise<string[]> {
    const came: string[] = [];
    let answer: SyncAnswer;
    do {
      answer = await this.client.ok('sync', this.cursor === undefined ? {} : { cursor: this.cursor });
      this.cursor = answer.cursor;
      this.rounds += 1;
      for (const conversation of answer.conversations) {
        came.push(conversation._id);
        this.conversations.set(conversation._id, conversation);
      }
      for (const settings of answer.settings) this.settings.set(settings.conversationId, settings);
    } while (answer.hasMore);
    return came;
  }
}

const replicaOf = async (userId: UserId): Promise<Replica> => new Replica(await server().connectAs(userId));
const manyOthers = (count: number): UserId[] =>
  Array.from({ length: count }, () => people('other')).map(([other]) => other);

describe('sync', () => {
  test('without a cursor returns everything, each conversation once', async () => {
    const [alice, bob, carol] = people('alice', 'bob', 'carol');
    const ids = [await openChat(server(), [alice, bob]), await openChat(server(), [carol, alice])];
    await sendAs(server(), { conversationId: ids[0] ?? '', sender: bob });
    const replica = await replicaOf(alice);
    expect((await replica.sync()).sort()).toEqual(ids.toSorted());
    expect(replica.conversations.get(ids[0] ?? '')).toMatchObject({
      lastSeq: 1,
      unreadCount: 1,
      lastMessage: { seq: 1, senderId: bob },
    });
  });

  test('with a cursor returns what changed since, however old it is', async () => {
    const [alice, bob, carol] = people('alice', 'bob', 'carol');
    const replica = await replicaOf(alice);
    await replica.sync();
    const conversationId = await openChat(server(), [alice, bob]);
    expect(await replica.sync()).toEqual([conversationId]);
    for (let seq = 1; seq <= 3; seq += 1) {
      await sendAs(server(), { conversationId, sender: bob });
      expect(await replica.sync()).toContain(conversationId);
      expect(replica.conversations.get(conversationId)).toMatchObject({ lastSeq: seq, unreadCount: seq });
    }
    const later = await openChat(server(), [carol, alice]);
    expect(await replica.sync()).toContain(later);
  });

  test('goes over several pages when more than one changed, without loss or repeat', async () => {
    const [alice] = people('alice');
    const replica = await replicaOf(alice);
    await replica.sync();
    const ids = await Promise.all(manyOthers(230).map((other) => openChat(server(), [alice, other])));
    replica.rounds = 0;
    const came = await replica.sync();
    expect(came.toSorted()).toEqual(ids.toSorted());
    expect(replica.rounds).toBe(3);
    expect(LIMITS.syncPage).toBe(100);
  });

  test('goes over several pages of equal times', async () => {
    const [alice] = people('alice');
    const changedAt = new Date(1.7e12);
    const { insertedIds } = await rawCollection(server(), 'conversations').insertMany(
      Array.from({ length: 250 }, (_, index) => ({
        type: 'direct',
        participants: [alice, `${alice}-other-${index}`],
        lastMessageAt: changedAt,
        changedAt,
      })),
    );
    const replica = await replicaOf(alice);
    expect((await replica.sync()).sort()).toEqual(Object.values(insertedIds).map(String).sort());
  });

  test('finds a change made during a round in this round or the next', async () => {
    const [alice, bob] = people('alice', 'bob');
    const early = await openChat(server(), [alice, bob]);
    await Promise.all(manyOthers(150).map((other) => openChat(server(), [alice, other])));
    const replica = await replicaOf(alice);
    const first = await replica.client.ok('sync', {});
    expect(first.hasMore).toBe(true);
    replica.cursor = first.cursor;
    await sendAs(server(), { conversationId: early, sender: bob, content: 'meanwhile' });
    await replica.sync();
    await replica.sync();
    expect(replica.conversations.get(early)).toMatchObject({ lastSeq: 1 });
  });

  test('returns positions that moved on another device', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    await fillChat(server(), { conversationId, senders: [bob] }, 5);
    const [replica, phone] = await Promise.all([replicaOf(alice), server().connectAs(alice)]);
    await replica.sync();
    expect(replica.settings.size).toBe(0);
    await phone.ok('message:delivered', { conversationId, seq: 5 });
    await phone.ok('message:read', { conversationId, seq: 3 });
    await replica.sync();
    expect(replica.settings.get(conversationId)).toMatchObject({
      userId: alice,
      readSeq: 3,
      deliveredSeq: 5,
    });
  });

  test('returns the position of the other user', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    await sendAs(server(), { conversationId, sender: alice });
    const [replica, reader] = await Promise.all([replicaOf(alice), server().connectAs(bob)]);
    await replica.sync();
    await reader.ok('message:read', { conversationId, seq: 1 });
    const { conversation } = await replica.client.ok('getConversation', { conversationId });
    expect(conversation.lastMessage?.status).toBe('read');
  });

  test('continues from the cursor of the list of conversations', async () => {
    const [alice, bob] = people('alice', 'bob');
    const replica = await replicaOf(alice);
    const { syncCursor } = await replica.client.ok('getConversations', {});
    replica.cursor = syncCursor;
    const conversationId = await openChat(server(), [alice, bob]);
    expect(await replica.sync()).toEqual([conversationId]);
  });

  test('returns the same over HTTP', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    const reply = await server().api(alice).get<SyncAnswer>('/api/sync');
    if (!reply.body.success) throw new Error(reply.body.code);
    expect(reply.body.data.conversations.map(({ _id }) => _id)).toEqual([conversationId]);
    const next = await server()
      .api(alice)
      .get<SyncAnswer>(`/api/sync?cursor=${encodeURIComponent(reply.body.data.cursor)}`);
    expect(next.body).toMatchObject({
      success: true,
      data: { epoch: reply.body.data.epoch, hasMore: false },
    });
  });

  test('shows only the caller’s conversations, whatever the cursor', async () => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    await openChat(server(), [alice, bob]);
    const { cursor } = await (await replicaOf(alice)).client.ok('sync', {});
    const stranger = await server().connectAs(eve);
    for (const payload of [{}, { cursor }]) {
      expect(await stranger.ok('sync', payload)).toMatchObject({
        conversations: [],
        settings: [],
        totalUnread: 0,
      });
    }
  });

  test('leaves damaged documents out, and continues after them', async () => {
    const [alice, bob] = people('alice', 'bob');
    const damaged = Array.from({ length: 120 }, () => ({
      type: 'direct',
      participants: [alice],
      changedAt: new Date(1.6e12),
    }));
    await rawCollection(server(), 'conversations').insertMany(damaged);
    const conversationId = await openChat(server(), [alice, bob]);
    const replica = await replicaOf(alice);
    expect(await replica.sync()).toEqual([conversationId]);
    expect(replica.rounds).toBe(2);
  });
});

describe('a cursor', () => {
  const ID = '0123456789abcdef01234567';
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('of another history of the database is answered with everything, and “reload”', async () => {
    const [alice, bob] = people('alice', 'bob');
    const conversationId = await openChat(server(), [alice, bob]);
    await using other = await startServer();
    const stranger = await other.connectAs(alice);
    const foreign = await stranger.ok('sync', {});
    const client = await server().connectAs(alice);
    const answer = await client.ok('sync', { cursor: foreign.cursor });
    expect(answer).toMatchObject({ reload: true, conversations: [{ _id: conversationId }] });
    expect(answer.epoch).not.toBe(foreign.epoch);
    const next = await client.ok('sync', { cursor: answer.cursor });
    expect(next).not.toHaveProperty('reload');
  });

  test.each([
    ['garbage', 'garbage'],
    ['of the list of conversations', encode([1, ID])],
    ['an operator', encode(['e', [{ $gt: 0 }, ID], [1, ID], 0])],
    ['a place that is none', encode(['e', [1, 'x'], [1, ID], 0])],
    ['too short', encode(['e', [1, ID]])],
    ['an epoch that is a number', encode([7, [1, ID], [1, ID], 0])],
    ['a time out of this world', encode(['e', [1, ID], [1, ID], 1e17])],
  ])('that is %s is refused with VALIDATION', async (_what, cursor) => {
    const [alice] = people('alice');
    const client = await server().connectAs(alice);
    const answer = await client.call('sync', { cursor });
    expect(answer).toMatchObject({ success: false, code: 'VALIDATION', details: [{ path: 'cursor' }] });
  });

  test('never goes back', async () => {
    const [alice] = people('alice');
    const client = await server().connectAs(alice);
    const timeOf = (cursor: string): number =>
      (JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, [number, string]])[1][0];
    let { cursor } = await client.ok('sync', {});
    for (let round = 0; round < 20; round += 1) {
      const next = await client.ok('sync', { cursor });
      expect(timeOf(next.cursor)).toBeGreaterThanOrEqual(timeOf(cursor));
      cursor = next.cursor;
    }
  });
});

test('a client that syncs repeatedly under concurrent writes ends with everything', async () => {
  const [alice] = people('alice');
  const others = manyOthers(12);
  const replica = await replicaOf(alice);
  await replica.sync();
  const reader = await server().connectAs(alice);
  const progress = { isWriting: true };
  const writes = Promise.all(
    others.map(async (other, index) => {
      const conversationId = await openChat(server(), index % 2 ? [alice, other] : [other, alice]);
      for (let count = 0; count < 25; count += 1) {
        await sendAs(server(), { conversationId, sender: count % 5 === 4 ? alice : other });
        if (count % 7 === 3) await reader.ok('message:read', { conversationId, seq: count });
      }
      return conversationId;
    }),
  ).finally(() => (progress.isWriting = false));
  while (progress.isWriting) await replica.sync();
  const ids = await writes;
  await replica.sync();

  expect([...replica.conversations.keys()].sort()).toEqual(ids.toSorted());
  for (const conversationId of ids) {
    const { conversation } = await reader.ok('getConversation', { conversationId });
    const held = replica.conversations.get(conversationId);
    expect(held).toMatchObject({
      lastSeq: 25,
      messageCount: 25,
      unreadCount: conversation.unreadCount,
      lastMessage: { seq: 25 },
    });
    expect(replica.settings.get(conversationId)?.readSeq).toBe(24);
  }
});
