import { expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { createGroup } from '../groups/support/group.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { idsOf, say } from './support/list.js';

interface Pair extends AsyncDisposable {
  /** Answers ann's lists, from documents that it keeps between commands. */
  here: TestServer;
  /** Changes the data. */
  elsewhere: TestServer;
}

async function startPair(): Promise<Pair> {
  const databaseName = newDatabaseName();
  const here = await startServer({ databaseName });
  const elsewhere = await startServer({ databaseName });
  return {
    here,
    elsewhere,
    [Symbol.asyncDispose]: async () => {
      await elsewhere[Symbol.asyncDispose]();
      await here[Symbol.asyncDispose]();
    },
  };
}

/** Connects a reader on one server, and the same user and another one on the other server. */
async function scene({ here, elsewhere }: Pair) {
  const reader = await here.connectAs('ann');
  const [ann, ben] = [await elsewhere.connectAs('ann'), await elsewhere.connectAs('ben')];
  const chats = [];
  for (const other of ['cat', 'dan', 'eve']) {
    const client = await elsewhere.connectAs(other);
    const conversationId = await client.open('ann');
    await say(client, conversationId);
    chats.push({ conversationId, client });
  }
  await until(async () => (await totalsOf(reader)).totalUnread === 3, { what: 'all messages counted' });
  return { reader, ann, ben, chats };
}

/** Totals and ids of unread conversations by list and by sync, which must agree. */
async function totalsOf(reader: TestClient) {
  const list = await reader.ok('getConversations', {});
  const unread = await reader.ok('getConversations', { filter: 'unread' });
  const synced = await reader.ok('sync', {});
  const { totalUnread, mutedUnread } = list;
  expect({ totalUnread: synced.totalUnread, mutedUnread: synced.mutedUnread }).toEqual({
    totalUnread,
    mutedUnread,
  });
  return { totalUnread, mutedUnread, unread: idsOf(unread.conversations), listed: idsOf(list.conversations) };
}

test('lists and totals show at once what the user has set and read on another process', async () => {
  await using pair = await startPair();
  const { reader, ann, chats } = await scene(pair);
  const [first = '', second = '', third = ''] = chats.map(({ conversationId }) => conversationId);
  expect((await totalsOf(reader)).listed).toEqual([third, second, first]);
  await ann.ok('updateSettings', { conversationId: first, pinned: true });
  expect((await totalsOf(reader)).listed).toEqual([first, third, second]);
  await ann.ok('message:read', { conversationId: third, seq: 1 });
  expect(await totalsOf(reader)).toMatchObject({ totalUnread: 2, unread: [second, first] });
  await ann.ok('updateSettings', { conversationId: third, markedUnread: true });
  expect(await totalsOf(reader)).toMatchObject({ totalUnread: 2, unread: [third, second, first] });
  await ann.ok('updateSettings', { conversationId: second, mutedUntil: '2999-01-01T00:00:00.000Z' });
  expect(await totalsOf(reader)).toMatchObject({ totalUnread: 1, mutedUnread: 1 });
  await ann.ok('updateSettings', { conversationId: third, markedUnread: false });
  await ann.ok('updateSettings', { conversationId: first, pinned: false });
  expect(await totalsOf(reader)).toMatchObject({ unread: [second, first], listed: [third, second, first] });
  await ann.ok('clearHistory', { conversationId: first });
  await ann.ok('deleteConversation', { conversationId: second });
  expect(await totalsOf(reader)).toMatchObject({
    totalUnread: 0,
    mutedUnread: 0,
    unread: [],
    listed: [third, first],
  });
});

test('messages, deletions and members that another process has stored change lists and totals', async () => {
  await using pair = await startPair();
  const { reader, ben, chats } = await scene(pair);
  const seen = (expected: object, what: string) =>
    until(
      async () => JSON.stringify(await totalsOf(reader)).includes(JSON.stringify(expected).slice(1, -1)),
      { what },
    );
  const [{ client, conversationId } = { client: ben, conversationId: '' }] = chats;
  await say(client, conversationId);
  await seen({ totalUnread: 4 }, 'another message');
  await client.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
  await seen({ totalUnread: 3 }, 'a deleted message is not unread');
  const group = (await createGroup(ben, { participants: ['ann'] }))._id;
  const channel = (await createGroup(ben, { type: 'channel', participants: ['ann'] }))._id;
  await say(ben, group);
  await say(ben, channel);
  await seen({ totalUnread: 5 }, 'a group and a channel');
  await ben.ok('removeMember', { conversationId: group, userId: 'ann' });
  await ben.ok('removeMember', { conversationId: channel, userId: 'ann' });
  await seen({ totalUnread: 3 }, 'the user was removed from both');
  expect((await totalsOf(reader)).listed).toHaveLength(3);
});

test('more changes than a page are read anew', async () => {
  await using pair = await startPair();
  const { reader, ann, chats } = await scene(pair);
  const [first = ''] = chats.map(({ conversationId }) => conversationId);
  await totalsOf(reader);
  const { memberSettings } = pair.elsewhere.app.models;
  // Settings in conversations that do not exist: as many documents, but no list has them.
  const ids = Array.from({ length: LIMITS.syncPage }, (_, index) => index.toString(16).padStart(24, 'f'));
  await Promise.all(
    ids.map((id) => memberSettings.update(id as never, 'ann' as never, { markedUnread: true })),
  );
  await ann.ok('updateSettings', { conversationId: first, pinned: true });
  await ann.ok('message:read', { conversationId: first, seq: 1 });
  const { listed, totalUnread } = await totalsOf(reader);
  expect(listed[0]).toBe(first);
  expect(totalUnread).toBe(2);
});
