import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection, summariesWritten } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { idsOf, say, walkList, walkPages } from './support/list.js';

const server = sharedServer();

/** Creates chats of one user, the last one with the newest message. */
async function chatsOf(owner: UserId, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const [other] = people('other');
    const conversationId = await openChat(server(), [owner, other]);
    await sendAs(server(), { conversationId, sender: other });
    ids.push(conversationId);
  }
  await summariesWritten(server());
  return ids;
}

describe('the list', () => {
  test('has pinned conversations first, the newest pin at the top, and nothing twice, on pages of any size', async () => {
    const [ann] = people('ann');
    const client = await server().connectAs(ann);
    const ids = await chatsOf(ann, 9);
    const [, b = '', , d = '', , f = ''] = ids;
    for (const conversationId of [d, b, f])
      await client.ok('updateSettings', { conversationId, pinned: true });
    const others = ids.filter((id) => ![b, d, f].includes(id)).reverse();
    for (const limit of [1, 2, 3, 4, 50]) {
      const pages = await walkPages(client, { limit });
      expect(idsOf(pages.flatMap(({ conversations }) => conversations))).toEqual([f, b, d, ...others]);
      expect(pages.every(({ conversations }) => conversations.length <= limit)).toBe(true);
    }
  });

  test('shows a conversation that is pinned while the list is being read', async () => {
    const [ann] = people('ann');
    const client = await server().connectAs(ann);
    const ids = await chatsOf(ann, 4);
    const [oldest = ''] = ids;
    await client.ok('updateSettings', { conversationId: ids[3], pinned: true });
    const first = await client.ok('getConversations', { limit: 2 });
    await client.ok('updateSettings', { conversationId: oldest, pinned: true });
    const rest = await client.ok('getConversations', { limit: 10, cursor: first.nextCursor });
    expect(idsOf([...first.conversations, ...rest.conversations]).sort()).toEqual(ids.toSorted());
  });

  test('sorts large groups and channels by time among the others, on pages of any size', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [owner, reader] = await connectAll(server(), [ann, ben]);
    const crowd = Array.from({ length: 60 }, (_, index) => `${ann}x${index}`);
    const order: string[] = [];
    for (const kind of ['chat', 'large', 'chat', 'channel', 'group', 'chat', 'channel']) {
      const [other] = people('other');
      const id =
        kind === 'chat'
          ? await openChat(server(), [ben, other])
          : (
              await createGroup(owner, {
                type: kind === 'channel' ? 'channel' : 'group',
                participants: [ben, ...(kind === 'large' ? crowd : [])],
              })
            )._id;
      await sendAs(server(), { conversationId: id, sender: kind === 'chat' ? other : ann });
      order.unshift(id);
    }
    await summariesWritten(server());
    for (const limit of [1, 2, 3, 50]) expect(idsOf(await walkList(reader, { limit }))).toEqual(order);
    const groups = await walkList(reader, { filter: 'groups', limit: 2 });
    expect(idsOf(groups)).toEqual([order[0], order[2], order[3], order[5]]);
    expect(groups.map(({ type, isLarge }) => [type, isLarge])).toEqual([
      ['channel', true],
      ['group', false],
      ['channel', true],
      ['group', true],
    ]);
  });

  test('leaves out archived, deleted, left, closed and merged conversations, and continues after them', async () => {
    const [ann, ben] = people('ann', 'ben');
    const client = await server().connectAs(ann);
    const [kept = '', archived = '', deleted = '', closed = '', merged = ''] = await chatsOf(ann, 5);
    const { _id: left } = await createGroup(client, { participants: [ben] });
    const { _id: leftChannel } = await createGroup(client, { type: 'channel', participants: [ben] });
    for (const conversationId of [left, leftChannel])
      await client.ok('leaveConversation', { conversationId });
    await client.ok('updateSettings', { conversationId: archived, archived: true });
    await client.ok('deleteConversation', { conversationId: deleted });
    const close = (id: string, set: object) =>
      rawCollection(server(), 'conversations').updateOne(
        { _id: new mongoose.Types.ObjectId(id) },
        { $set: set },
      );
    await close(closed, { closedBy: ann });
    await close(merged, { mergedInto: new mongoose.Types.ObjectId(kept) });
    const pages = await walkPages(client, { limit: 1 });
    expect(idsOf(pages.flatMap(({ conversations }) => conversations))).toEqual([kept]);
    expect(pages.some(({ conversations }) => conversations.length === 0)).toBe(true);
    const { totalUnread, unreadConversations } = await server().app.services.unread.totals(ann);
    // The archived one counts; what is on no list does not.
    expect({ totalUnread, unreadConversations }).toEqual({ totalUnread: 2, unreadConversations: 2 });
  });

  test('of the archive is in the order of archiving', async () => {
    const [ann] = people('ann');
    const client = await server().connectAs(ann);
    const ids = await chatsOf(ann, 5);
    const order = [2, 0, 4, 1].map((index) => ids[index] ?? '');
    for (const conversationId of order) await client.ok('updateSettings', { conversationId, archived: true });
    for (const limit of [1, 3, 50]) {
      expect(idsOf(await walkList(client, { filter: 'archived', limit }))).toEqual(order.toReversed());
    }
    expect(idsOf(await walkList(client))).toEqual([ids[3]]);
  });

  test('of unread conversations contains everything that the totals count, also archived and marked ones, and nothing else', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [client, owner] = await connectAll(server(), [ann, ben]);
    const ids = await chatsOf(ann, 6);
    const [read = '', archived = '', marked = '', muted = '', deleted = '', plain = ''] = ids;
    for (const conversationId of [read, marked]) await client.ok('message:read', { conversationId, seq: 1 });
    await client.ok('updateSettings', { conversationId: archived, archived: true });
    await client.ok('updateSettings', { conversationId: marked, markedUnread: true });
    const FAR = '2999-01-01T00:00:00.000Z';
    await client.ok('updateSettings', { conversationId: muted, mutedUntil: FAR });
    await client.ok('deleteConversation', { conversationId: deleted });
    const { _id: channel } = await createGroup(owner, { type: 'channel', participants: [ann] });
    for (const text of ['one', 'two']) await say(owner, channel, text);
    await summariesWritten(server());
    for (const limit of [1, 2, 50]) {
      expect(idsOf(await walkList(client, { filter: 'unread', limit }))).toEqual([
        ...[channel, plain, muted, marked, archived],
      ]);
    }
    const totals = { totalUnread: 4, mutedUnread: 1 };
    expect(await client.ok('getConversations', {})).toMatchObject(totals);
    expect(await client.ok('sync', {})).toMatchObject(totals);
    const unread = await server().api(ann).get('/api/unread');
    // Conversations: the channel, the plain one, the marked one, the archived one; not the muted one.
    expect(unread.body).toEqual({ success: true, data: { ...totals, unreadConversations: 4 } });
  });
});

test('of 10,000 conversations: every page is small, every conversation occurs once, pinned and filtered', async () => {
  const [ann, ben] = people('ann', 'ben');
  const [client, owner] = await connectAll(server(), [ann, ben]);
  const at = (index: number): Date => new Date(1.7e12 + index * 1_000);
  const { insertedIds } = await rawCollection(server(), 'conversations').insertMany(
    Array.from({ length: 10_000 }, (_, index) => ({
      ...{ type: 'direct', participants: [ann, `${ann}-${index}`], participantsKey: `${ann}_${index}` },
      ...{ createdBy: ann, memberCount: 2, lastSeq: 0, messageCount: 0, rev: 0, lastSent: [0, 0] },
      ...{
        maybeUnread: [],
        occasions: [],
        lastMessageAt: at(index),
        changedAt: at(index),
        createdAt: at(index),
      },
    })),
  );
  const ids = Object.values(insertedIds).map(String);
  const [oldest = '', second = ''] = ids;
  await client.ok('updateSettings', { conversationId: second, pinned: true });
  await client.ok('updateSettings', { conversationId: oldest, archived: true });
  const { _id: group } = await createGroup(owner, { participants: [ann] });
  await say(owner, group);
  await summariesWritten(server());
  const pages = await walkPages(client, { limit: 100 });
  const seen = idsOf(pages.flatMap(({ conversations }) => conversations));
  expect(seen.slice(0, 2)).toEqual([second, group]);
  expect(seen).toEqual([second, group, ...ids.slice(2).reverse()]);
  expect(pages.length).toBeLessThanOrEqual(102);
  expect(idsOf(await walkList(client, { filter: 'groups' }))).toEqual([group]);
  expect(idsOf(await walkList(client, { filter: 'unread' }))).toEqual([group]);
  expect(idsOf(await walkList(client, { filter: 'archived' }))).toEqual([oldest]);
});
