import { describe, expect, test } from 'vitest';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { say } from '../lists/support/list.js';
import { receiptsOf } from '../receipts/support/receipts.js';
import { until } from '../support/until.js';
import { connectAll, createGroup, listMembers, readLog } from './support/group.js';

const server = sharedServer();

describe('a channel', () => {
  test('is joined by every user who knows it, and written to by its owner and admins only', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, admin, reader] = await connectAll(server(), [ann, ben, cid]);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [ben] });
    await owner.ok('setRole', { conversationId, userId: ben, role: 'admin' });
    const { conversation } = await reader.ok('joinConversation', { conversationId });
    expect(conversation).toMatchObject({ type: 'channel', memberCount: 3, participants: [], members: [] });
    expect(await reader.send(conversationId, 'may I?')).toMatchObject({ code: 'FORBIDDEN' });
    expect(await admin.send(conversationId, 'news')).toMatchObject({ success: true });
    await owner.ok('setRole', { conversationId, userId: ben, role: 'member' });
    expect(await admin.send(conversationId, 'more news')).toMatchObject({ code: 'FORBIDDEN' });
    await owner.ok('leaveConversation', { conversationId });
    expect((await admin.ok('getConversation', { conversationId })).conversation.role).toBe('owner');
    await reader.ok('leaveConversation', { conversationId });
    expect(await reader.call('getMessages', { conversationId })).toMatchObject({ code: 'NOT_PARTICIPANT' });
  });

  test('names the author of its last message in the list', async () => {
    const [ann, ben] = people('ann', 'ben');
    const owner = await server().connectAs(ann, { token: server().token(ann, { name: 'Ann Author' }) });
    const reader = await server().connectAs(ben);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [ben] });
    await owner.send(conversationId, 'news');
    const sender = { _id: ann, name: 'Ann Author' };
    for (const client of [owner, reader]) {
      const { conversations } = await client.ok('getConversations', {});
      expect(conversations).toMatchObject([{ lastMessage: { content: 'news', sender } }]);
      const { conversation } = await client.ok('getConversation', { conversationId });
      expect(conversation.lastMessage?.sender).toEqual(sender);
    }
  });

  test('is pushed live to members who have it open; the others receive its head', async () => {
    const [ann, ben, cid, eve] = people('ann', 'ben', 'cid', 'eve');
    const [owner, looking, elsewhere, stranger] = await connectAll(server(), [ann, ben, cid, eve]);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [ben, cid] });
    await looking.ok('watchConversation', { conversationId, watching: true });
    const { seq } = await owner.ok('sendMessage', {
      ...{ conversationId, content: 'news', clientMessageId: crypto.randomUUID() },
    });
    expect(await looking.next('message:new', (message) => message.seq === seq)).toMatchObject({
      content: 'news',
    });
    await elsewhere.next('conversation:updated', ({ head }) => head.lastSeq === seq);
    await caughtUp([looking, elsewhere, stranger]);
    expect(elsewhere.pushes('message:new').map((message) => message.seq)).not.toContain(seq);
    expect(stranger.heard).toEqual([]);
  });

  test('sends its head to the other devices of a member who has it open on one', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [owner, looking, elsewhere] = await connectAll(server(), [ann, ben, ben]);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [ben] });
    await looking.ok('watchConversation', { conversationId, watching: true });
    const { seq } = await say(owner, conversationId);
    await elsewhere.next('conversation:updated', ({ head }) => head.lastSeq === seq);
    await caughtUp([looking, elsewhere]);
    expect(looking.pushes('message:new').map((message) => message.seq)).toEqual([seq]);
    expect(looking.pushes('conversation:updated').map(({ head }) => head.lastSeq)).not.toContain(seq);
  });

  test('has to be loaded again where it is open when somebody leaves', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, looking, leaving] = await connectAll(server(), [ann, ben, cid]);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [ben, cid] });
    await looking.ok('watchConversation', { conversationId, watching: true });
    await leaving.ok('leaveConversation', { conversationId });
    await looking.next('conversation:updated', ({ stale }) => stale === true);
    const { conversation } = await looking.ok('getConversation', { conversationId });
    expect(conversation.memberCount).toBe(2);
  });

  test('counts views by members who are still there: never more than its recipients', async () => {
    const [ann, ben, cid, dan] = people('ann', 'ben', 'cid', 'dan');
    const [owner, poster, reader] = await connectAll(server(), [ann, ben, cid]);
    const participants = [ben, cid, dan];
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants });
    await owner.ok('setRole', { conversationId, userId: ben, role: 'admin' });
    const { seq } = await say(owner, conversationId);
    await say(poster, conversationId);
    await reader.ok('message:read', { conversationId, seq });
    const counts = async () => receiptsOf(owner, conversationId, seq);
    expect(await counts()).toMatchObject({ readCount: 2, deliveredCount: 2, recipientCount: 3 });
    for (const one of [poster, reader]) await one.ok('leaveConversation', { conversationId });
    await until(async () => (await counts()).readCount === 0);
    expect(await counts()).toMatchObject({ readCount: 0, deliveredCount: 0, recipientCount: 1 });
  });

  test(
    'of 10,000 causes no write per member when a message is posted, and has exact unread counts for each',
    { timeout: 120_000 },
    async () => {
      const [ann, ben] = people('ann', 'ben');
      const [owner, reader] = await connectAll(server(), [ann, ben]);
      const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [ben] });
      const crowd = Array.from({ length: 9_998 }, (_, index) => `${ann}x${index}`);
      for (let from = 0; from < crowd.length; from += 100) {
        await owner.ok('addMembers', { conversationId, userIds: crowd.slice(from, from + 100) });
      }
      const members = rawCollection(server(), 'members');
      const { conversation } = await owner.ok('getConversation', { conversationId });
      expect(conversation.memberCount).toBe(10_000);
      const newest = async (): Promise<unknown> =>
        (
          await members
            .find({ userId: { $ne: ann } })
            .sort({ changedAt: -1 })
            .limit(1)
            .toArray()
        )[0]?.['changedAt'];
      const before = await newest();
      for (let index = 0; index < 20; index += 1) await owner.send(conversationId, `news ${index}`);
      expect(await newest()).toEqual(before);
      const { unreadCount, lastReadSeq } = (await reader.ok('getConversation', { conversationId }))
        .conversation;
      expect({ unreadCount, lastReadSeq }).toEqual({ unreadCount: 20, lastReadSeq: 0 });
      expect((await listMembers(owner, conversationId)).length).toBe(10_000);
      const log = await readLog(reader, conversationId);
      expect(log.filter(({ kind }) => kind === 'text')).toHaveLength(20);
      await reader.ok('message:read', { conversationId, seq: log.at(-1)?.seq });
      expect((await reader.ok('getConversation', { conversationId })).conversation.unreadCount).toBe(0);
    },
  );
});
