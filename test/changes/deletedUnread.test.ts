import mongoose from 'mongoose';
import { describe, expect, test, vi } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection, summariesWritten } from '../contract/support/database.js';
import { createScene } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { idsOf, say, walkList } from '../lists/support/list.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';

const server = sharedServer();

/** Returns the unread count of a conversation, after checking that all places where a user can read it agree. */
async function unreadOf(client: TestClient, conversationId: string, on = server()): Promise<number> {
  const api = on.api(client.userId);
  const [list, one, synced, badge, unreadList] = await Promise.all([
    walkList(client),
    client.ok('getConversation', { conversationId }),
    client.ok('sync', {}),
    api.get<{ totalUnread: number; unreadConversations: number }>('/api/unread'),
    walkList(client, { filter: 'unread' }),
  ]);
  if (!badge.body.success) throw new Error('the badge was refused');
  const shown = list.find(({ _id }) => _id === conversationId)?.unreadCount;
  const inSync = synced.conversations.find(({ _id }) => _id === conversationId)?.unreadCount;
  const count = one.conversation.unreadCount;
  expect([shown, inSync, badge.body.data.totalUnread, synced.totalUnread]).toEqual(Array(4).fill(count));
  expect(badge.body.data.unreadConversations).toBe(count > 0 ? 1 : 0);
  expect(idsOf(unreadList)).toEqual(count > 0 ? [conversationId] : []);
  return count;
}

const remove = (client: TestClient, conversationId: string, seq: number) =>
  client.ok('deleteMessage', { conversationId, seq, for: 'everyone' });

async function sayAll(client: TestClient, conversationId: string, count: number): Promise<number[]> {
  const seqs: number[] = [];
  for (let index = 0; index < count; index += 1) seqs.push((await say(client, conversationId)).seq);
  return seqs;
}

describe('a message deleted for everyone does not count as unread', () => {
  test('in a direct chat: 3 unread, all deleted, give 0 everywhere, and the other device receives each count', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await sayAll(alice, conversationId, 3);
    expect(await unreadOf(bob, conversationId)).toBe(3);
    for (const seq of [2, 3, 1]) await remove(alice, conversationId, seq);
    expect(await unreadOf(bob, conversationId)).toBe(0);
    const told = bob.pushes('message:status').filter(({ userId }) => userId === bob.userId);
    expect(told.map(({ readSeq, unreadCount }) => [readSeq, unreadCount])).toEqual([
      [0, 2],
      [0, 1],
      [0, 0],
    ]);
    await say(alice, conversationId);
    expect(await unreadOf(bob, conversationId)).toBe(1);
  });

  test('and users who have read it already are not notified', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await say(alice, conversationId);
    await bob.ok('message:read', { conversationId, seq: 1 });
    const before = bob.pushes('message:status').length;
    await remove(alice, conversationId, 1);
    await bob.next('message:deleted');
    // The answer arrives after all pushes that the deletion causes.
    await bob.ok('getConversation', { conversationId });
    expect(bob.pushes('message:status')).toHaveLength(before);
  });

  test('also where the reader has read half of them', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await sayAll(alice, conversationId, 6);
    await remove(alice, conversationId, 2);
    await remove(alice, conversationId, 5);
    expect(await bob.ok('message:read', { conversationId, seq: 3 })).toMatchObject({ unreadCount: 2 });
    expect(await unreadOf(bob, conversationId)).toBe(2);
  });

  test('only once, when it was also deleted for the reader, in either order', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await sayAll(alice, conversationId, 5);
    await bob.ok('deleteMessage', { conversationId, seq: 1, for: 'me' });
    await remove(alice, conversationId, 1);
    await remove(alice, conversationId, 2);
    await bob.ok('deleteMessage', { conversationId, seq: 2, for: 'me' });
    await remove(alice, conversationId, 3);
    expect(await unreadOf(bob, conversationId)).toBe(2);
  });

  test.each([
    ['a small group', 'group', 0],
    ['a large group', 'group', 60],
    ['a channel', 'channel', 0],
  ] as const)('in %s, beside blocked senders, once', async (_what, type, crowd) => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, reader, blocked] = await connectAll(server(), [ann, ben, cid]);
    const others = Array.from({ length: crowd }, (_, index) => `${ann}x${index}`);
    const { _id: conversationId } = await createGroup(owner, { type, participants: [ben, cid, ...others] });
    await owner.ok('setRole', { conversationId, userId: cid, role: 'admin' });
    const own = await sayAll(owner, conversationId, 4);
    const theirs = await sayAll(blocked, conversationId, 3);
    await remove(owner, conversationId, own[1] ?? 0);
    await remove(owner, conversationId, theirs[0] ?? 0);
    expect(await unreadOf(reader, conversationId)).toBe(5);
    await reader.ok('blockUser', { userId: cid, blocked: true });
    expect(await unreadOf(reader, conversationId)).toBe(3);
    await reader.ok('deleteMessage', { conversationId, seq: own[0], for: 'me' });
    expect(await unreadOf(reader, conversationId)).toBe(2);
    await owner.ok('removeMember', { conversationId, userId: cid });
    expect(await unreadOf(reader, conversationId)).toBe(2);
  });

  test('on another process immediately', async () => {
    const databaseName = newDatabaseName();
    await using a = await startServer({ databaseName });
    await using b = await startServer({ databaseName });
    const [alice, bob] = [await a.connectAs('alice'), await b.connectAs('bob')];
    const conversationId = await alice.open('bob');
    await sayAll(alice, conversationId, 2);
    await summariesWritten(a);
    await remove(alice, conversationId, 1);
    expect(await unreadOf(bob, conversationId, b)).toBe(1);
  });

  test('when a process died between the deletion and its effects', async () => {
    const databaseName = newDatabaseName();
    {
      await using first = await startServer({ databaseName });
      const alice = await first.connectAs('alice');
      const conversationId = await alice.open('bob');
      await sayAll(alice, conversationId, 2);
      await summariesWritten(first);
      await remove(alice, conversationId, 2);
      const _id = new mongoose.Types.ObjectId(conversationId);
      await rawCollection(first, 'conversations').updateOne(
        { _id },
        { $set: { rev: 0 }, $unset: { lastDeletedSeq: 1 } },
      );
      await rawCollection(first, 'messages').updateOne(
        { conversationId: _id, seq: 2 },
        { $set: { content: 'hello' }, $unset: { deletedAt: 1, deletedBy: 1 } },
      );
      await first.app.models.processes.writeHeartbeat({
        ...{ _id: 'dead', beat: 1, flushedThrough: conversationId, visibleThrough: new Date() },
      });
    }
    await using second = await startServer({ databaseName });
    const bob = await second.connectAs('bob');
    const [chat] = await walkList(bob);
    expect(await unreadOf(bob, chat?._id ?? '', second)).toBe(1);
  });
});

describe('the cost of an unread count', () => {
  const spy = (on: TestServer) => vi.spyOn(on.app.models.unreadExceptions, 'countBySender');

  test('is unchanged where no unread message was deleted, and one query where some were', async () => {
    const [ann] = people('ann');
    const client = await server().connectAs(ann);
    const chats: { id: string; other: UserId }[] = [];
    for (let index = 0; index < 6; index += 1) {
      const [other] = people('other');
      const id = await openChat(server(), [ann, other]);
      for (let count = 0; count < 3; count += 1)
        await sendAs(server(), { conversationId: id, sender: other });
      chats.push({ id, other });
    }
    const [read, ...unread] = chats;
    if (read === undefined) throw new Error('no chat');
    await remove(await server().connectAs(read.other), read.id, 1);
    await client.ok('message:read', { conversationId: read.id, seq: 2 });
    using asked = spy(server());
    await client.ok('getConversations', {});
    expect(asked).not.toHaveBeenCalled();
    for (const { id, other } of unread) await remove(await server().connectAs(other), id, 2);
    asked.mockClear();
    const { totalUnread } = await server().app.services.unread.totals(ann);
    expect(totalUnread).toBe(11);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('does not grow with the number of blocks', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, reader] = await connectAll(server(), [ann, ben, cid]);
    const groups: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const { _id } = await createGroup(owner, { participants: [ben, cid] });
      await say(owner, _id);
      groups.push(_id);
    }
    const block = (userId: UserId) => server().app.services.safety.blocks.set(ben, userId, true);
    for (let index = 0; index < 100; index += 1) await block(`${ben}-blocked-${index}` as UserId);
    using asked = spy(server());
    expect(await server().app.services.unread.totals(ben)).toMatchObject({ totalUnread: 5 });
    expect(asked).not.toHaveBeenCalled();
    await sendAs(server(), { conversationId: groups[0] ?? '', sender: cid });
    await block(cid);
    expect(await server().app.services.unread.totals(ben)).toMatchObject({ totalUnread: 5 });
    expect(asked.mock.calls.map(([ranges]) => ranges.length)).toEqual([5]);
    expect(idsOf(await walkList(reader, { filter: 'unread' })).sort()).toEqual(groups.toSorted());
  });
});
