import mongoose from 'mongoose';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { LIMITS, type ConversationView, type UserId } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';

const server = sharedServer();

/** Returns every page, by cursor to the end. */
async function walk(client: TestClient, limit?: number): Promise<ConversationView[][]> {
  const pages: ConversationView[][] = [];
  let cursor: string | undefined;
  do {
    const page = await client.ok('getConversations', {
      ...(limit !== undefined && { limit }),
      ...(cursor !== undefined && { cursor }),
    });
    pages.push(page.conversations);
    cursor = page.nextCursor;
  } while (cursor !== undefined && pages.length < 500);
  return pages;
}

/** Stores conversations with these times of their newest messages. */
async function storeConversations(owner: UserId, times: readonly Date[]): Promise<string[]> {
  const [other] = people('other');
  const { insertedIds } = await rawCollection(server(), 'conversations').insertMany(
    times.map((at, index) => ({
      type: 'direct',
      participants: [owner, `${other}-${index}`].sort(),
      participantsKey: `${owner}_${other}-${index}`,
      createdBy: owner,
      lastSeq: 0,
      lastSent: [0, 0],
      maybeUnread: [],
      lastMessageAt: at,
      changedAt: at,
      createdAt: at,
    })),
  );
  return Object.values(insertedIds).map(String);
}

describe('the list of conversations', () => {
  test('is ordered by the newest message, newest first, and shows it', async () => {
    const [alice, bob, carol, dan] = people('alice', 'bob', 'carol', 'dan');
    const client = await server().connectAs(alice);
    const ids = [];
    for (const other of [bob, carol, dan]) ids.push(await client.open(other));
    const [first = '', second = '', third = ''] = ids;
    expect((await client.ok('getConversations', {})).conversations.map(({ _id }) => _id)).toEqual([
      third,
      second,
      first,
    ]);
    await sendAs(server(), { conversationId: first, sender: bob, content: 'news' });
    await sendAs(server(), { conversationId: second, sender: alice, content: 'answer' });
    const { conversations, totalUnread } = await client.ok('getConversations', {});
    expect(conversations).toMatchObject([
      { _id: second, lastMessage: { content: 'answer' }, unreadCount: 0 },
      { _id: first, lastMessage: { content: 'news', senderId: bob }, unreadCount: 1 },
      { _id: third },
    ]);
    expect(conversations[2]).not.toHaveProperty('lastMessage');
    expect(totalUnread).toBe(1);
  });

  test('is in the order of the database’s clock, also on a server whose own clock is behind', async () => {
    const [alice, bob, carol] = people('alice', 'bob', 'carol');
    const client = await server().connectAs(alice);
    const first = await client.open(bob);
    const second = await client.open(carol);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
    try {
      await sendAs(server(), { conversationId: first, sender: alice });
    } finally {
      vi.useRealTimers();
    }
    const { conversations } = await client.ok('getConversations', {});
    expect(conversations.map(({ _id }) => _id)).toEqual([first, second]);
  });

  test('shows names and pictures of the members, and no other user data', async () => {
    const [alice, bob] = people('alice', 'bob');
    const token = server().token(bob, {
      name: 'Bob',
      picture: 'https://x.example/b.png',
      email: 'bob@x.example',
    });
    await server().connectAs(bob, { token });
    const client = await server().connectAs(alice);
    await client.open(bob);
    const { conversations } = await client.ok('getConversations', {});
    expect(conversations[0]?.members.find(({ _id }) => _id === bob)).toEqual({
      _id: bob,
      name: 'Bob',
      avatar: 'https://x.example/b.png',
      role: 'member',
      joinedSeq: 0,
      lastReadSeq: 0,
      lastDeliveredSeq: 0,
    });
    expect(JSON.stringify(conversations)).not.toContain('@');
  });

  test('has 50 on a page by default, 100 at most', async () => {
    const [alice] = people('alice');
    await storeConversations(
      alice,
      Array.from({ length: 120 }, (_, index) => new Date(1e12 + index)),
    );
    const client = await server().connectAs(alice);
    expect((await client.ok('getConversations', {})).conversations).toHaveLength(50);
    expect((await client.ok('getConversations', { limit: 100 })).conversations).toHaveLength(100);
    for (const limit of [0, -1, 101, 1.5, 1e9]) {
      expect(await client.call('getConversations', { limit })).toMatchObject({ code: 'VALIDATION' });
    }
    expect(LIMITS.conversationPageDefault).toBe(50);
  });

  test('ends without a cursor, also when the last page is full', async () => {
    const [alice, nobody] = people('alice', 'nobody');
    await storeConversations(
      alice,
      Array.from({ length: 4 }, (_, index) => new Date(1e12 + index)),
    );
    const client = await server().connectAs(alice);
    expect((await walk(client, 2)).map(({ length }) => length)).toEqual([2, 2]);
    expect((await walk(client, 3)).map(({ length }) => length)).toEqual([3, 1]);
    const empty = await server().connectAs(nobody);
    expect(await walk(empty)).toEqual([[]]);
  });
});

describe('250 conversations', () => {
  const [alice] = people('alice');
  let ids: string[] = [];

  beforeAll(async () => {
    // Equal times in runs longer than a page, so that a cursor has to split them.
    ids = await storeConversations(
      alice,
      Array.from({ length: 250 }, (_, index) => new Date(1.7e12 + Math.floor(index / 40) * 1_000)),
    );
  });

  test.each([7, 40, 50, 100])('are read by pages of %i without loss or repeat', async (limit) => {
    const client = await server().connectAs(alice);
    const seen = (await walk(client, limit)).flat();
    expect(seen.map(({ _id }) => _id).sort()).toEqual(ids.toSorted());
    const order = seen.map(({ lastMessageAt, _id }) => `${lastMessageAt} ${_id}`);
    expect(order).toEqual(order.toSorted().reverse());
  });

  test('are read to the end while messages move some to the front: the others occur once', async () => {
    const [carol, dan] = people('carol', 'dan');
    const mine = await storeConversations(
      carol,
      Array.from({ length: 60 }, (_, index) => new Date(1.7e12 + index)),
    );
    const client = await server().connectAs(carol);
    const fresh = await openChat(server(), [carol, dan]);
    const first = await client.ok('getConversations', { limit: 20 });
    const moved = mine[5] ?? '';
    await sendAs(server(), { conversationId: fresh, sender: dan });
    await sendAs(server(), { conversationId: moved, sender: carol });
    const seen = first.conversations.map(({ _id }) => _id as string);
    let cursor = first.nextCursor;
    while (cursor !== undefined) {
      const page = await client.ok('getConversations', { limit: 20, cursor });
      seen.push(...page.conversations.map(({ _id }) => _id));
      cursor = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(mine.filter((id) => !seen.includes(id) && id !== moved)).toEqual([]);
  });

  test('return a cursor for sync with their first page only', async () => {
    const client = await server().connectAs(alice);
    const first = await client.ok('getConversations', { limit: 10 });
    expect(first.syncCursor).toEqual(expect.any(String));
    const second = await client.ok('getConversations', { limit: 10, cursor: first.nextCursor });
    expect(second).not.toHaveProperty('syncCursor');
    expect(await client.call('sync', { cursor: first.syncCursor })).toMatchObject({ success: true });
  });

  test('are not revealed by another user’s cursor, which contains only a position', async () => {
    const [eve, bob] = people('eve', 'bob');
    const client = await server().connectAs(alice);
    const { nextCursor } = await client.ok('getConversations', { limit: 10 });
    const stranger = await server().connectAs(eve);
    await stranger.open(bob);
    const page = await stranger.ok('getConversations', { cursor: nextCursor });
    expect(page.conversations.every(({ participants }) => participants.includes(eve))).toBe(true);
  });
});

describe('a damaged document', () => {
  test('is left out of a page, and does not stop the paging', async () => {
    const [alice] = people('alice');
    const ids = await storeConversations(
      alice,
      Array.from({ length: 9 }, (_, index) => new Date(1.7e12 + index)),
    );
    const poison = ids.slice(3, 7);
    await rawCollection(server(), 'conversations').updateMany(
      { _id: { $in: poison.map((id) => new mongoose.Types.ObjectId(id)) } },
      { $set: { participants: [alice] } },
    );
    const client = await server().connectAs(alice);
    const pages = await walk(client, 2);
    expect(
      pages
        .flat()
        .map(({ _id }) => _id as string)
        .sort(),
    ).toEqual(ids.filter((id) => !poison.includes(id)).sort());
    expect(pages.some((page) => page.length === 0)).toBe(true);
  });
});

describe('an invalid cursor is refused with VALIDATION', () => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const ID = '0123456789abcdef01234567';
  test.each([
    ['garbage', 'garbage'],
    ['an operator', encode([{ $gt: 0 }, { $ne: null }])],
    ['a number', encode(7)],
    ['nothing in it', encode([])],
    ['a time out of this world', encode([1e20, ID])],
    ['an id that is none', encode([1, 'x'])],
    ['a cursor of sync', encode(['epoch', [1, ID], [1, ID], 0])],
    ['a cursor of own messages', encode([ID])],
    ['too long', 'x'.repeat(LIMITS.maxCursorChars + 1)],
  ])('%s', async (_what, cursor) => {
    const [alice] = people('alice');
    const client = await server().connectAs(alice);
    expect(await client.call('getConversations', { cursor })).toMatchObject({
      success: false,
      code: 'VALIDATION',
      details: [{ path: 'cursor' }],
    });
  });

  test('also one that was changed in transit', async () => {
    const [alice] = people('alice');
    await storeConversations(alice, [new Date(1e12), new Date(2e12)]);
    const client = await server().connectAs(alice);
    const { nextCursor = '' } = await client.ok('getConversations', { limit: 1 });
    for (const cursor of [nextCursor.slice(2), nextCursor.slice(0, -3), nextCursor.toUpperCase()]) {
      const answer = await client.call('getConversations', { cursor });
      expect(answer).toMatchObject({ success: false, code: 'VALIDATION' });
    }
  });
});
