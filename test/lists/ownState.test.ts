import { describe, expect, test } from 'vitest';
import { LIMITS, type SettingsView } from '../../contract/index.js';
import { openChat } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { startServer } from '../support/server.js';
import { idsOf, say, walkList } from './support/list.js';

const server = sharedServer();
const FAR = '2999-01-01T00:00:00.000Z';
const PAST = '2020-01-01T00:00:00.000Z';

/** Connects two devices of a user, and another user with whom they have a chat. */
async function scene() {
  const [ann, ben] = people('ann', 'ben');
  const [phone, tablet, other] = await connectAll(server(), [ann, ann, ben]);
  const conversationId = await phone.open(ben);
  return { ann, ben, phone, tablet, other, conversationId };
}

const set = async (client: TestClient, conversationId: string, settings: object): Promise<SettingsView> =>
  (await client.ok('updateSettings', { conversationId, ...settings })).settings;

const shown = async (client: TestClient, conversationId: string) =>
  (await client.ok('getConversation', { conversationId })).conversation;

describe('a member setting', () => {
  test('is pushed to the other devices of the user and returned by sync, and to no one else', async () => {
    const { ann, phone, tablet, other, conversationId } = await scene();
    const { cursor } = await tablet.ok('sync', {});
    // A client may send a time with its own zone.
    const ofZone = FAR.replace('Z', '+00:00');
    const settings = { pinned: true, mutedUntil: ofZone, archived: true, markedUnread: true };
    const own = await set(phone, conversationId, settings);
    const expected = { conversationId, userId: ann, mutedUntil: FAR, archived: true, markedUnread: true };
    expect(own).toMatchObject({ ...expected, pinnedAt: expect.any(String) as string });
    expect(await tablet.next('conversation:settings')).toEqual(own);
    const synced = await tablet.ok('sync', { cursor });
    expect(synced.settings).toMatchObject([{ ...expected, pinnedAt: own.pinnedAt }]);
    const { _id, archived, markedUnread, mutedUntil, pinnedAt } = await shown(tablet, conversationId);
    expect({ conversationId: _id, userId: ann, archived, markedUnread, mutedUntil, pinnedAt }).toEqual({
      ...expected,
      pinnedAt: own.pinnedAt,
    });
    await caughtUp([phone, tablet, other]);
    expect(phone.pushes('conversation:settings')).toEqual([]);
    expect(other.pushes('conversation:settings')).toEqual([]);
    const theirs = await shown(other, conversationId);
    expect(theirs).toMatchObject({ archived: false, markedUnread: false });
    expect(theirs).not.toHaveProperty('mutedUntil');
    expect(theirs).not.toHaveProperty('pinnedAt');
  });

  test('is removed one by one, and a repeat changes nothing', async () => {
    const { phone, conversationId } = await scene();
    const first = await set(phone, conversationId, { pinned: true });
    expect(await set(phone, conversationId, { pinned: true })).toMatchObject({ pinnedAt: first.pinnedAt });
    await set(phone, conversationId, { mutedUntil: FAR, archived: true, markedUnread: true });
    const after = await set(phone, conversationId, { pinned: false, mutedUntil: null });
    expect(after).toMatchObject({ archived: true, markedUnread: true });
    expect(after).not.toHaveProperty('pinnedAt');
    expect(after).not.toHaveProperty('mutedUntil');
    expect(await set(phone, conversationId, { archived: false, markedUnread: false })).toMatchObject({
      archived: false,
      markedUnread: false,
    });
  });

  test('never moves a position, and concurrent changes of two devices create one document', async () => {
    const { ann, phone, tablet, other, conversationId } = await scene();
    await say(other, conversationId);
    await Promise.all(
      [phone, tablet, phone, tablet].map((device, index) =>
        set(device, conversationId, { markedUnread: true, pinned: index % 2 === 0 }),
      ),
    );
    const stored = await rawCollection(server(), 'members').find({ userId: ann }).toArray();
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ lastReadSeq: 0, lastDeliveredSeq: 0 });
    expect(await shown(phone, conversationId)).toMatchObject({ unreadCount: 1, lastReadSeq: 0 });
  });

  test('is refused to strangers, and nothing is stored', async () => {
    const { conversationId } = await scene();
    const [eve] = people('eve');
    const stranger = await server().connectAs(eve);
    for (const answer of [
      await stranger.call('updateSettings', { conversationId, pinned: true }),
      await stranger.call('clearHistory', { conversationId }),
      await stranger.call('deleteConversation', { conversationId }),
    ]) {
      expect(answer).toMatchObject({ success: false, code: 'NOT_PARTICIPANT' });
    }
    expect(await rawCollection(server(), 'members').countDocuments({ userId: eve })).toBe(0);
  });

  test('works the same over HTTP', async () => {
    const { ann, tablet, conversationId } = await scene();
    const api = server().api(ann);
    const path = `/api/conversations/${conversationId}`;
    const reply = await api.request<{ settings: SettingsView }>('PATCH', `${path}/settings`, {
      archived: true,
    });
    expect(dataOf(reply).settings).toMatchObject({ archived: true });
    expect((await tablet.next('conversation:settings')).archived).toBe(true);
    const list = await api.get<{ conversations: { _id: string }[] }>('/api/conversations?filter=archived');
    expect(idsOf(dataOf(list).conversations)).toEqual([conversationId]);
    expect((await api.request('POST', `${path}/clear`)).status).toBe(200);
    expect((await api.request('DELETE', path)).status).toBe(200);
    expect(dataOf(await api.get<{ conversations: unknown[] }>('/api/conversations')).conversations).toEqual(
      [],
    );
  });
});

describe('a pin', () => {
  test('beyond the limit is refused, also from two devices at once, and leaves nothing pinned', async () => {
    const [ann] = people('ann');
    const [phone, tablet] = await connectAll(server(), [ann, ann]);
    const ids = await Promise.all(
      Array.from({ length: LIMITS.maxPinnedConversations + 2 }, (_, index) => {
        const [other] = people(`other${index}-`);
        return openChat(server(), [ann, other]);
      }),
    );
    const [last = '', first = '', ...others] = ids;
    await Promise.all(others.slice(0, -1).map((id) => set(phone, id, { pinned: true })));
    const answers = await Promise.all([
      phone.call('updateSettings', { conversationId: first, pinned: true }),
      tablet.call('updateSettings', { conversationId: last, pinned: true }),
    ]);
    expect(answers.map(({ success }) => success).sort()).toEqual([false, true]);
    expect(answers.find(({ success }) => !success)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const pinned = (await walkList(phone)).filter(({ pinnedAt }) => pinnedAt !== undefined);
    expect(pinned).toHaveLength(LIMITS.maxPinnedConversations);
  });
});

describe('an archived conversation', () => {
  test('comes back with a new message', async () => {
    const { phone, other, conversationId } = await scene();
    await say(other, conversationId);
    await set(phone, conversationId, { archived: true });
    expect(await walkList(phone)).toEqual([]);
    expect(idsOf(await walkList(phone, { filter: 'archived' }))).toEqual([conversationId]);
    const { cursor } = await phone.ok('sync', {});
    await say(other, conversationId);
    expect(idsOf(await walkList(phone))).toEqual([conversationId]);
    expect(await walkList(phone, { filter: 'archived' })).toEqual([]);
    const { conversations } = await phone.ok('sync', { cursor });
    expect(conversations).toMatchObject([{ _id: conversationId, archived: false }]);
  });

  test('stays archived while it is muted', async () => {
    const { phone, other, conversationId } = await scene();
    await set(phone, conversationId, { archived: true, mutedUntil: FAR });
    await say(other, conversationId);
    expect(await walkList(phone)).toEqual([]);
    expect(await shown(phone, conversationId)).toMatchObject({ archived: true, unreadCount: 1 });
    await set(phone, conversationId, { mutedUntil: PAST });
    expect(idsOf(await walkList(phone))).toEqual([conversationId]);
  });

  test('is not restored by a new name of a group or a new member', async () => {
    const [ann, ben, cid] = people('ann', 'ben', 'cid');
    const [owner, member] = await connectAll(server(), [ann, ben]);
    const { _id: conversationId } = await createGroup(owner, { participants: [ben] });
    await set(member, conversationId, { archived: true });
    await owner.ok('updateConversation', { conversationId, name: 'Others' });
    await owner.ok('addMembers', { conversationId, userIds: [cid] });
    expect(await shown(member, conversationId)).toMatchObject({ archived: true, name: 'Others' });
    await say(owner, conversationId);
    expect(await shown(member, conversationId)).toMatchObject({ archived: false });
  });
});

describe('marked as unread', () => {
  test('is cleared on every device by reading, wherever the position is already', async () => {
    const { phone, tablet, other, conversationId } = await scene();
    const { seq } = await say(other, conversationId);
    await phone.ok('message:read', { conversationId, seq });
    await set(phone, conversationId, { markedUnread: true });
    await tablet.next('conversation:settings', ({ markedUnread }) => markedUnread === true);
    const { cursor } = await phone.ok('sync', {});
    await tablet.ok('message:delivered', { conversationId, seq });
    expect(await shown(phone, conversationId)).toMatchObject({ markedUnread: true, lastReadSeq: seq });
    await tablet.ok('message:read', { conversationId, seq });
    await phone.next('conversation:settings', ({ markedUnread }) => markedUnread === false);
    expect(await shown(phone, conversationId)).toMatchObject({ markedUnread: false, unreadCount: 0 });
    expect((await phone.ok('sync', { cursor })).settings).toMatchObject([
      { conversationId, markedUnread: false },
    ]);
  });
});

test('a read that waits for its window does not clear a mark that was set after it', async () => {
  await using slow = await startServer({ env: { RECEIPT_WINDOW_MS: '2000' } });
  const [ann, ben] = [await slow.connectAs('ann'), await slow.connectAs('ben')];
  const conversationId = await ann.open('ben');
  const first = await say(ben, conversationId);
  await ann.ok('message:read', { conversationId, seq: first.seq });
  const { seq } = await say(ben, conversationId);
  const waiting = ann.ok('message:read', { conversationId, seq });
  const { settings } = await ann.ok('updateSettings', { conversationId, markedUnread: true });
  expect(settings).toMatchObject({ markedUnread: true, readSeq: seq });
  expect(await waiting).toMatchObject({ readSeq: seq });
  expect(await shown(ann, conversationId)).toMatchObject({ markedUnread: true, unreadCount: 0 });
});

describe('clearing', () => {
  test('hides earlier messages from the own devices only, and counts them as read', async () => {
    const { phone, tablet, other, conversationId } = await scene();
    for (const text of ['one', 'two', 'three']) await say(other, conversationId, text);
    const { settings } = await phone.ok('clearHistory', { conversationId });
    expect(settings).toMatchObject({ clearedSeq: 3, readSeq: 3, unreadCount: 0, deleted: false });
    expect(await tablet.next('conversation:settings', ({ clearedSeq }) => clearedSeq === 3)).toEqual(
      settings,
    );
    const view = await shown(tablet, conversationId);
    expect(view).toMatchObject({ visibleFromSeq: 4, unreadCount: 0, lastSeq: 3 });
    expect(view).not.toHaveProperty('lastMessage');
    const { messages } = await tablet.ok('getMessages', { conversationId });
    expect(messages.map(({ kind }) => kind)).toEqual(['hidden', 'hidden', 'hidden']);
    expect((await other.ok('getMessages', { conversationId })).messages).toMatchObject([
      { content: 'one' },
      { content: 'two' },
      { content: 'three' },
    ]);
    await say(other, conversationId, 'four');
    expect(await shown(phone, conversationId)).toMatchObject({
      unreadCount: 1,
      lastMessage: { content: 'four' },
    });
    expect(idsOf(await walkList(phone))).toEqual([conversationId]);
  });

  test('of an empty chat, and a repeat, is not an error', async () => {
    const { phone, other, conversationId } = await scene();
    expect((await phone.ok('clearHistory', { conversationId })).settings).toMatchObject({ clearedSeq: 0 });
    await say(other, conversationId);
    for (let round = 0; round < 2; round += 1) {
      expect((await phone.ok('clearHistory', { conversationId })).settings).toMatchObject({ clearedSeq: 1 });
    }
  });
});

describe('a deleted conversation', () => {
  test('is not listed and not counted until a new message, which comes without the earlier ones', async () => {
    const { phone, tablet, other, conversationId } = await scene();
    await say(other, conversationId, 'old');
    await set(phone, conversationId, { pinned: true, markedUnread: true });
    const { cursor } = await tablet.ok('sync', {});
    const { settings } = await phone.ok('deleteConversation', { conversationId });
    expect(settings).toMatchObject({ deleted: true, markedUnread: false, unreadCount: 0 });
    expect(settings).not.toHaveProperty('pinnedAt');
    await tablet.next('conversation:settings', ({ deleted }) => deleted === true);
    const away = await tablet.ok('sync', { cursor });
    expect(away).toMatchObject({ settings: [{ conversationId, deleted: true }], totalUnread: 0 });
    expect(away.conversations).toEqual([]);
    expect(await walkList(tablet)).toEqual([]);
    expect(idsOf(await walkList(other))).toEqual([conversationId]);
    const view = async () => (await tablet.ok('getConversation', { conversationId })).conversation;
    expect(await view()).toMatchObject({ deleted: true });
    expect(await phone.ok('getOrCreateDirect', { otherUserId: other.userId })).toMatchObject({
      conversation: { _id: conversationId, deleted: true },
    });

    await say(other, conversationId, 'new');
    const back = await tablet.ok('sync', { cursor: away.cursor });
    expect(back.conversations).toMatchObject([
      { _id: conversationId, unreadCount: 1, visibleFromSeq: 2, lastMessage: { content: 'new' } },
    ]);
    expect(await view()).not.toHaveProperty('deleted');
    const list = await phone.ok('getConversations', {});
    expect(list).toMatchObject({ totalUnread: 1, conversations: [{ _id: conversationId }] });
    const { messages } = await phone.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ kind: 'hidden' }, { content: 'new' }]);
  });

  test('without messages is listed again with the first message', async () => {
    const { phone, other, conversationId } = await scene();
    await phone.ok('deleteConversation', { conversationId });
    expect(await walkList(phone)).toEqual([]);
    await say(other, conversationId);
    expect(idsOf(await walkList(phone))).toEqual([conversationId]);
  });
});
