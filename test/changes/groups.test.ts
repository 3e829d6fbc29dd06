import { describe, expect, test } from 'vitest';
import { caughtUp } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { until } from '../support/until.js';
import { storedIn } from './support/stored.js';

const server = sharedServer();

async function openGroup(
  input: { history?: 'all' | 'joined'; crowd?: number; type?: 'group' | 'channel' } = {},
) {
  const { crowd = 0, ...more } = input;
  const ids = people('ann', 'ben', 'cid', 'dan');
  const [ann, ben, cid, dan] = await connectAll(server(), ids);
  const others = Array.from({ length: crowd }, (_, index) => `${ann.userId}x${index}`);
  const group = await createGroup(ann, { participants: [ben.userId, cid.userId, ...others], ...more });
  return { ann, ben, cid, dan, conversationId: group._id };
}

describe('in a group', () => {
  test('admins delete messages of any member, and pin; members can do neither', async () => {
    const { ann, ben, cid, conversationId } = await openGroup();
    const { seq } = await ben.ok('sendMessage', { conversationId, content: 'spam', clientMessageId: 'a' });
    const place = { conversationId, seq };
    expect(await cid.call('deleteMessage', { ...place, for: 'everyone' })).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await cid.call('pinMessage', { ...place, pinned: true })).toMatchObject({ code: 'FORBIDDEN' });
    expect(await ann.call('editMessage', { ...place, content: 'x' })).toMatchObject({ code: 'FORBIDDEN' });
    await ann.ok('pinMessage', { ...place, pinned: true });
    await ann.ok('deleteMessage', { ...place, for: 'everyone' });
    expect(await ben.next('message:deleted')).toMatchObject({ userId: ann.userId, message: { content: '' } });
    for (const command of ['editMessage', 'deleteMessage'] as const) {
      const wish = command === 'editMessage' ? { content: 'x' } : { for: 'everyone' };
      const refused = await ann.call(command, { conversationId, seq: 1, ...wish });
      expect(refused, 'what the server says stays').toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  test('a removed member can change nothing and is not notified of changes after the answer (promise 6)', async () => {
    const { ann, ben, cid, conversationId } = await openGroup();
    const { seq } = await ben.ok('sendMessage', { conversationId, content: 'mine', clientMessageId: 'a' });
    await ann.ok('removeMember', { conversationId, userId: ben.userId });
    const place = { conversationId, seq };
    for (const [command, wish] of [
      ['editMessage', { content: 'x' }],
      ['deleteMessage', { for: 'everyone' }],
      ['deleteMessage', { for: 'me' }],
      ['react', { emoji: '👍', on: true }],
      ['getEdits', {}],
      ['getReactions', {}],
    ] as const) {
      expect(await ben.call(command, { ...place, ...wish })).toMatchObject({ code: 'NOT_PARTICIPANT' });
    }
    expect(await ben.call('getChanges', { conversationId, afterRev: 0 })).toMatchObject({
      code: 'NOT_PARTICIPANT',
    });
    await cid.ok('react', { ...place, emoji: '👍', on: true });
    await ann.next('message:reaction');
    await caughtUp([ben]);
    expect(ben.pushes('message:reaction')).toEqual([]);
    expect(await storedIn(server(), 'changes').countDocuments({ by: ben.userId })).toBe(0);
  });

  test('changes made during a removal: no change of the removed member is stored after the answer', async () => {
    const { ann, ben, conversationId } = await openGroup();
    const { seq } = await ann.ok('sendMessage', { conversationId, content: 'x', clientMessageId: 'a' });
    const wishes = Array.from({ length: 60 }, (_, index) =>
      ben.call('react', {
        conversationId,
        seq,
        emoji: ['👍', '🎉', '😂', '😮'][index % 4],
        on: index % 8 < 4,
      }),
    );
    await ann.ok('removeMember', { conversationId, userId: ben.userId });
    const count = () => storedIn(server(), 'changes').countDocuments({ by: ben.userId });
    await Promise.all(wishes);
    const answered = await count();
    expect(await ben.call('react', { conversationId, seq, emoji: '👀', on: true })).toMatchObject({
      code: 'NOT_PARTICIPANT',
    });
    expect(await count()).toBe(answered);
  });

  test('members who joined later see only the `rev` of changes to older messages, not who made them', async () => {
    const { ann, ben, dan, conversationId } = await openGroup({ history: 'joined' });
    const { seq } = await ben.ok('sendMessage', {
      conversationId,
      content: 'old secret',
      clientMessageId: 'a',
    });
    await ann.ok('addMembers', { conversationId, userIds: [dan.userId] });
    await ben.ok('editMessage', { conversationId, seq, content: 'old secret, edited' });
    const heard = await dan.next('message:updated');
    expect(heard).toEqual({ conversationId, rev: 1, kind: 'hidden' });
    const { changes } = await dan.ok('getChanges', { conversationId, afterRev: 0 });
    expect(changes).toEqual([{ conversationId, rev: 1, kind: 'hidden' }]);
    for (const command of ['getEdits', 'getReactions'] as const) {
      expect(await dan.call(command, { conversationId, seq })).toMatchObject({ code: 'NOT_FOUND' });
    }
    const wish = { conversationId, seq, emoji: '👍', on: true };
    expect(await dan.call('react', wish)).toMatchObject({ code: 'NOT_FOUND' });
    const reply = { conversationId, content: 'x', clientMessageId: 'r', replyTo: seq };
    expect(await dan.call('sendMessage', reply)).toMatchObject({ code: 'VALIDATION' });
    expect(JSON.stringify([dan.heard, changes])).not.toContain('old secret');
  });
});

describe('in a large group', () => {
  test('members who have it open receive the change, the others the new head', async () => {
    const { ann, ben, cid, conversationId } = await openGroup({ crowd: 60, history: 'all' });
    for (const client of [ann, ben]) await client.ok('watchConversation', { conversationId, watching: true });
    const { seq } = await ann.ok('sendMessage', { conversationId, content: 'one', clientMessageId: 'a' });
    await ann.ok('editMessage', { conversationId, seq, content: 'two' });
    expect(await ben.next('message:updated')).toMatchObject({ rev: 1, message: { content: 'two' } });
    const { head } = await cid.next('conversation:updated', (update) => update.head.rev === 1);
    expect(head).toMatchObject({ conversationId, rev: 1 });
    expect(cid.pushes('message:updated')).toEqual([]);
  });

  test('where a member may not see a message, all members with it open receive only the new rev, and read what they may', async () => {
    const { ann, ben, cid, conversationId } = await openGroup({ crowd: 60, history: 'all' });
    const { seq } = await ann.ok('sendMessage', { conversationId, content: 'one', clientMessageId: 'a' });
    await cid.ok('deleteMessage', { conversationId, seq, for: 'me' });
    for (const client of [ben, cid]) await client.ok('watchConversation', { conversationId, watching: true });
    await ann.ok('editMessage', { conversationId, seq, content: 'open secret' });
    for (const client of [ben, cid]) {
      await client.next('conversation:updated', ({ head }) => head.rev === 1 && head.lastSeq >= seq);
    }
    const seen = await ben.ok('getChanges', { conversationId, afterRev: 0 });
    expect(seen.changes).toMatchObject([{ message: { content: 'open secret' } }]);
    const unseen = await cid.ok('getChanges', { conversationId, afterRev: 0 });
    expect(unseen.changes).toEqual([{ conversationId, rev: 1, kind: 'hidden' }]);
    expect(JSON.stringify(cid.heard)).not.toContain('open secret');
  });

  test('200 people react at once: the count is exact', async () => {
    const { ann, conversationId } = await openGroup({ crowd: 200, history: 'all' });
    const { seq } = await ann.ok('sendMessage', { conversationId, content: 'one', clientMessageId: 'a' });
    const crowd = Array.from({ length: 200 }, (_, index) => server().api(`${ann.userId}x${index}`));
    const path = `/api/conversations/${conversationId}/messages/${seq}/reactions/${encodeURIComponent('👍')}`;
    const replies = await Promise.all(crowd.map((api) => api.request('PUT', path)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const { messages } = await ann.ok('getMessages', { conversationId });
    expect(messages.at(-1)?.reactions).toEqual([{ emoji: '👍', count: 200, own: false }]);
    expect((await ann.ok('getReactions', { conversationId, seq })).reactions).toHaveLength(100);
    await until(async () => (await ann.ok('getConversation', { conversationId })).conversation.rev === 200);
  });
});

test('in a channel members react, and only those who may post can edit', async () => {
  const { ann, ben, conversationId } = await openGroup({ type: 'channel' });
  const { seq } = await ann.ok('sendMessage', { conversationId, content: 'news', clientMessageId: 'a' });
  await ben.ok('react', { conversationId, seq, emoji: '🎉', on: true });
  await ann.ok('setRole', { conversationId, userId: ben.userId, role: 'owner' });
  await ben.ok('setRole', { conversationId, userId: ann.userId, role: 'member' });
  expect(await ann.call('editMessage', { conversationId, seq, content: 'x' })).toMatchObject({
    code: 'FORBIDDEN',
  });
  await ben.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
});
