import { describe, expect, test } from 'vitest';
import { sendAs } from '../contract/support/chat.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { holdBack } from '../lists/support/held.js';
import { connectAll, createGroup } from './support/group.js';

const server = sharedServer();

/** Member documents are held back: an answer waits two seconds for them, and then uses the log. */
describe('an answer about members follows the log while the documents are not written yet', () => {
  test.each([
    ['a small group', 3, false],
    ['a large group', 300, true],
  ])('of %s that was just made', async (_what, size, isLarge) => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, member] = await connectAll(server(), [ann, ben]);
    const crowd = Array.from({ length: size - 3 }, (_, index) => `${ann}x${index}`);
    using held = holdBack(server(), 'memberships');
    const group = await createGroup(owner, { participants: [ben, cid, ...crowd] });
    const wanted = { memberCount: size, isLarge, participants: isLarge ? [] : [ann, ben, cid].sort() };
    expect(group).toMatchObject({ ...wanted, name: 'Friends', role: 'owner', unreadCount: 0 });
    const { conversation } = await member.next('conversation:created');
    expect(conversation).toMatchObject({ ...wanted, name: 'Friends', role: 'member' });
    await sendAs(server(), { conversationId: group._id, sender: ann });
    const seen = await member.ok('getConversation', { conversationId: group._id });
    expect(seen.conversation).toMatchObject({ ...wanted, unreadCount: 1 });
    held.release();
    expect((await owner.ok('getConversation', { conversationId: group._id })).conversation).toMatchObject(
      wanted,
    );
  });

  test('for a group with a new member, who has no unread messages from before', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, added] = await connectAll(server(), [ann, cid]);
    const { _id: conversationId } = await createGroup(owner, { participants: [ben] });
    for (let count = 0; count < 3; count += 1) await sendAs(server(), { conversationId, sender: ann });
    using _held = holdBack(server(), 'memberships');
    const { conversation } = await owner.ok('addMembers', { conversationId, userIds: [cid] });
    const wanted = { memberCount: 3, participants: [ann, ben, cid].sort() };
    expect(conversation).toMatchObject({ ...wanted, role: 'owner' });
    const welcome = await added.next('conversation:created');
    expect(welcome.conversation).toMatchObject({ ...wanted, role: 'member', unreadCount: 0, lastReadSeq: 4 });
    await sendAs(server(), { conversationId, sender: ann });
    expect(await server().app.services.unread.totals(cid)).toMatchObject({ totalUnread: 1 });
    const removed = await owner.ok('removeMember', { conversationId, userId: cid });
    expect(removed.conversation).toMatchObject({ memberCount: 2, participants: [ann, ben].sort() });
    expect((await added.ok('getConversations', {})).conversations).toEqual([]);
    expect(await server().app.services.unread.totals(cid)).toMatchObject({ totalUnread: 0 });
  });

  test('for a channel that a user joined, and for one that was renamed', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [owner, reader] = await connectAll(server(), [ann, ben]);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: [] });
    await sendAs(server(), { conversationId, sender: ann });
    using _held = holdBack(server(), 'memberships');
    const joined = await reader.ok('joinConversation', { conversationId });
    expect(joined.conversation).toMatchObject({ memberCount: 2, role: 'member', unreadCount: 0 });
    const { conversation } = await owner.ok('updateConversation', { conversationId, name: 'Other' });
    expect(conversation).toMatchObject({ memberCount: 2, role: 'owner', name: 'Other' });
    expect((await reader.ok('getConversations', {})).conversations).toMatchObject([
      { _id: conversationId, memberCount: 2, name: 'Other' },
    ]);
  });
});
