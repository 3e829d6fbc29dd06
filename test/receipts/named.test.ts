import { describe, expect, test } from 'vitest';
import { conversationId as toConversationId } from '../../contract/index.js';
import { fillChat } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { say } from '../lists/support/list.js';
import { until } from '../support/until.js';
import { isWithin, readersOf, receiptsOf, rowOf, timed, whileRunning } from './support/receipts.js';

const server = sharedServer();

/** Creates a direct chat in which Ann has sent this many messages. */
async function chatWith(count: number) {
  const [ann, ben] = people('ann', 'ben');
  const [sender, reader] = await connectAll(server(), [ann, ben]);
  const conversationId = await sender.open(ben);
  await fillChat(server(), { conversationId, senders: [ann] }, count);
  return { conversationId, sender, reader };
}

/** Creates a small group of four in which Ann has sent a message with `seq`. */
async function groupOfFour() {
  const [ann, ben, cid, dan] = people('ann', 'ben', 'cid', 'dan');
  const clients = await connectAll(server(), [ann, ben, cid, dan]);
  const { _id: conversationId } = await createGroup(clients[0], { participants: [ben, cid, dan] });
  const { seq } = await say(clients[0], conversationId);
  return { conversationId, seq, clients };
}

describe('a direct chat', () => {
  test('shows when each message was delivered and when it was read', async () => {
    const { conversationId, sender, reader } = await chatWith(6);
    const steps = [
      await timed(() => reader.ok('message:delivered', { conversationId, seq: 4 })),
      await timed(() => reader.ok('message:read', { conversationId, seq: 2 })),
      await timed(() => reader.ok('message:read', { conversationId, seq: 5 })),
    ] as const;
    const [delivered, firstRead, secondRead] = steps;
    const rows = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (seq) =>
        rowOf(await receiptsOf(sender, conversationId, seq), reader.userId),
      ),
    );
    expect(rows.map(({ read, delivered: got }) => [got, read])).toEqual([
      ...Array.from({ length: 5 }, () => [true, true]),
      [false, false],
    ]);
    for (const row of rows.slice(0, 4)) expect(isWithin(row.deliveredAt, delivered)).toBe(true);
    for (const row of rows.slice(0, 2)) expect(isWithin(row.readAt, firstRead)).toBe(true);
    for (const row of rows.slice(2, 5)) expect(isWithin(row.readAt, secondRead)).toBe(true);
    // A message that was not reported as delivered counts as delivered when it was read.
    expect(rows[4]?.deliveredAt).toBe(rows[4]?.readAt);
    expect(rows[5]).toEqual({
      ...{ userId: reader.userId, user: expect.anything() as unknown },
      ...{ delivered: false, read: false },
    });
  });

  test('an advance is one document, however many messages it marks', async () => {
    const { conversationId, reader } = await chatWith(200);
    await reader.ok('message:read', { conversationId, seq: 200 });
    const stored = await server().app.models.receipts.model.find({ conversationId }).lean();
    expect(stored).toMatchObject([{ kind: 'read', fromSeq: 1, toSeq: 200, userId: reader.userId }]);
  });

  test('replying marks everything before as read, at the time of the reply', async () => {
    const { conversationId, sender, reader } = await chatWith(2);
    const answered = await timed(() => say(reader, conversationId));
    await say(reader, conversationId);
    const row = rowOf(await receiptsOf(sender, conversationId, 2), reader.userId);
    expect(row).toMatchObject({ read: true, delivered: true });
    expect(isWithin(row.readAt, answered)).toBe(true);
    expect(row.deliveredAt).toBe(row.readAt);
  });

  test('never moves back: an older report changes neither readers nor times (promise 7)', async () => {
    const { conversationId, sender, reader } = await chatWith(3);
    await reader.ok('message:read', { conversationId, seq: 3 });
    const before = await receiptsOf(sender, conversationId, 2);
    for (const seq of [1, 2, 3]) await reader.ok('message:read', { conversationId, seq });
    expect(await receiptsOf(sender, conversationId, 2)).toEqual(before);
    expect(await server().app.models.receipts.model.countDocuments({ conversationId })).toBe(1);
  });
});

describe('a crash between the receipt and the position', () => {
  test('leaves no reader listed; after a retry, the first time counts for what it had reached', async () => {
    const { conversationId, sender, reader } = await chatWith(5);
    const { members } = server().app.models;
    const advance = members.advance.bind(members);
    members.advance = () => Promise.reject(new Error('this process dies here'));
    const died = await timed(() => reader.call('message:read', { conversationId, seq: 3 }));
    members.advance = advance;
    expect(await server().app.models.receipts.model.countDocuments({ conversationId })).toBe(1);
    expect(await receiptsOf(sender, conversationId, 3)).toMatchObject({ readCount: 0, deliveredCount: 0 });
    const { conversation } = await reader.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ unreadCount: 5, lastReadSeq: 0 });
    const repeated = await timed(() => reader.ok('message:read', { conversationId, seq: 5 }));
    const [third, fifth] = [
      rowOf(await receiptsOf(sender, conversationId, 3), reader.userId),
      rowOf(await receiptsOf(sender, conversationId, 5), reader.userId),
    ];
    expect(isWithin(third.readAt, died)).toBe(true);
    expect(isWithin(fifth.readAt, repeated)).toBe(true);
  });

  test('no position is stored before its receipt: no reader is listed without a time', async () => {
    const { conversationId, sender, reader } = await chatWith(3);
    const { receipts } = server().app.models;
    const insert = receipts.insert.bind(receipts);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    receipts.insert = async (some) => {
      await held;
      await insert(some);
    };
    const read = reader.ok('message:read', { conversationId, seq: 3 });
    await reader.ok('getConversations', {});
    expect(await receiptsOf(sender, conversationId, 3)).toMatchObject({ readCount: 0 });
    release();
    await read;
    receipts.insert = insert;
    expect(rowOf(await receiptsOf(sender, conversationId, 3), reader.userId).readAt).toBeDefined();
  });

  test('every listed reader has a time, at any moment', async () => {
    const { conversationId, sender, reader } = await chatWith(60);
    const reads = Array.from({ length: 60 }, (_, index) =>
      reader.ok('message:read', { conversationId, seq: index + 1 }),
    );
    await whileRunning(Promise.all(reads), async () => {
      const { members = [] } = await receiptsOf(sender, conversationId, 30);
      for (const { read, readAt } of members) expect(readAt !== undefined).toBe(read);
    });
  });
});

describe('a small group', () => {
  test('lists all recipients with their times, and counts them on the message', async () => {
    const { conversationId, seq, clients } = await groupOfFour();
    const [ann, ben, cid] = clients;
    const first = await timed(() => ben.ok('message:read', { conversationId, seq }));
    await cid.ok('message:delivered', { conversationId, seq });
    const receipts = await receiptsOf(ann, conversationId, seq);
    expect(receipts).toMatchObject({ seq, readCount: 1, deliveredCount: 2, recipientCount: 3 });
    expect(readersOf(receipts)).toEqual([ben.userId]);
    expect(isWithin(rowOf(receipts, ben.userId).readAt, first)).toBe(true);
    for (const client of clients) {
      const { messages } = await client.ok('getMessages', { conversationId });
      expect(messages.at(-1)).toMatchObject({ status: 'sent', readCount: 1, deliveredCount: 2 });
    }
  });

  test('a message is delivered, and read, when all members have it; also in the list', async () => {
    const { conversationId, seq, clients } = await groupOfFour();
    const [ann, ben, cid, dan] = clients;
    const status = async () => {
      const { messages } = await ann.ok('getMessages', { conversationId });
      const { conversations } = await ann.ok('getConversations', {});
      expect(conversations[0]?.lastMessage).toMatchObject({ status: messages.at(-1)?.status });
      return messages.at(-1)?.status;
    };
    for (const client of [ben, cid]) await client.ok('message:read', { conversationId, seq });
    expect(await status()).toBe('sent');
    await dan.ok('message:delivered', { conversationId, seq });
    expect(await status()).toBe('delivered');
    await dan.ok('message:read', { conversationId, seq });
    expect(await status()).toBe('read');
    expect(dan.pushes('message:status').length).toBeGreaterThan(0);
  });

  test('members who join later do not count; members who leave keep what they had read, and are not waited for', async () => {
    const { conversationId, seq, clients } = await groupOfFour();
    const [ann, ben, cid, dan] = clients;
    const [eve] = people('eve');
    await ann.ok('addMembers', { conversationId, userIds: [eve] });
    await ben.ok('message:read', { conversationId, seq });
    await ben.ok('leaveConversation', { conversationId });
    expect(await receiptsOf(ann, conversationId, seq)).toMatchObject({ readCount: 1, recipientCount: 3 });
    await cid.ok('message:read', { conversationId, seq });
    await dan.ok('leaveConversation', { conversationId });
    const receipts = await receiptsOf(ann, conversationId, seq);
    expect(receipts).toMatchObject({ readCount: 2, deliveredCount: 2, recipientCount: 2 });
    expect(readersOf(receipts)).toEqual([ben.userId, cid.userId].sort());
    const { messages } = await ann.ok('getMessages', { conversationId });
    expect(messages.find((one) => one.seq === seq)).toMatchObject({ status: 'read', readCount: 2 });
  });

  test('a member who switched read receipts off is not listed as a reader, and sees no readers', async () => {
    const { conversationId, seq, clients } = await groupOfFour();
    const [ann, ben, cid] = clients;
    await ben.ok('updatePrivacy', { readReceipts: false });
    for (const client of [ben, cid]) await client.ok('message:read', { conversationId, seq });
    const seen = await receiptsOf(ann, conversationId, seq);
    expect(readersOf(seen)).toEqual([cid.userId]);
    expect(seen).toMatchObject({ readCount: 1, deliveredCount: 2 });
    expect(rowOf(seen, ben.userId)).not.toHaveProperty('readAt');
    const own = await receiptsOf(ben, conversationId, seq);
    expect(readersOf(own)).toEqual([ben.userId]);
    expect(rowOf(own, cid.userId)).not.toHaveProperty('readAt');
    // A reply of this member does not reveal that they read.
    await until(async () => (await say(ben, conversationId)).seq > seq);
    const answered = rowOf(await receiptsOf(ann, conversationId, seq), ben.userId);
    expect(answered).toMatchObject({ read: false, delivered: true });
  });

  test('members who have blocked each other do not see each other’s positions; the others do', async () => {
    const { conversationId, seq, clients } = await groupOfFour();
    const [ann, ben, cid] = clients;
    await ben.ok('blockUser', { userId: ann.userId, blocked: true });
    await ben.ok('message:read', { conversationId, seq });
    expect(rowOf(await receiptsOf(ann, conversationId, seq), ben.userId)).toMatchObject({
      ...{ read: false, delivered: false },
    });
    expect(readersOf(await receiptsOf(cid, conversationId, seq))).toEqual([ben.userId]);
  });

  test('of 50 members who read at once every one is listed', { timeout: 60_000 }, async () => {
    const [ann] = people('ann');
    const owner = await server().connectAs(ann);
    const others = Array.from({ length: 49 }, (_, index) => `${ann}-${index}`);
    const { _id: conversationId } = await createGroup(owner, { participants: others });
    const { seq } = await say(owner, conversationId);
    const readers = await connectAll(server(), others);
    const read = await timed(() =>
      Promise.all(readers.map((reader) => reader.ok('message:read', { conversationId, seq }))),
    );
    const receipts = await receiptsOf(owner, conversationId, seq);
    expect(readersOf(receipts)).toEqual(others.toSorted());
    for (const { readAt } of receipts.members ?? []) expect(isWithin(readAt, read)).toBe(true);
  });
});

describe('getReceipts', () => {
  test('is refused for strangers, hidden positions, and beyond the tail', async () => {
    const { conversationId, seq, clients } = await groupOfFour();
    const [ann] = clients;
    const [eve, fay] = people('eve', 'fay');
    const [stranger, late] = await connectAll(server(), [eve, fay]);
    const codeOf = async (client: typeof stranger, place: number) => {
      const answer = await client.call('getReceipts', { conversationId, seq: place });
      return answer.success ? 'OK' : answer.code;
    };
    expect(await codeOf(stranger, seq)).toBe('NOT_PARTICIPANT');
    await ann.ok('addMembers', { conversationId, userIds: [fay] });
    expect(await codeOf(late, seq)).toBe('NOT_FOUND');
    expect(await codeOf(ann, seq)).toBe('OK');
    expect(await codeOf(ann, 1_000)).toBe('NOT_FOUND');
    await ann.ok('deleteMessage', { conversationId, seq, for: 'me' });
    expect(await codeOf(ann, seq)).toBe('NOT_FOUND');
    expect(await codeOf(ann, 0)).toBe('VALIDATION');
    await ann.ok('removeMember', { conversationId, userId: clients[1].userId });
    expect(await codeOf(clients[1], seq)).toBe('NOT_PARTICIPANT');
  });

  test('returns the same over HTTP', async () => {
    const { conversationId, sender, reader } = await chatWith(1);
    await reader.ok('message:read', { conversationId, seq: 1 });
    const { body, status } = await server()
      .api(sender.userId)
      .get(`/api/conversations/${conversationId}/messages/1/receipts`);
    expect([status, body]).toEqual([
      200,
      { success: true, data: await receiptsOf(sender, conversationId, 1) },
    ]);
  });
});

test('stored receipts stay small: a thousand reports at once of one user are few writes', async () => {
  const { conversationId, reader } = await chatWith(100);
  await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      reader.ok('message:read', { conversationId, seq: (index % 100) + 1 }),
    ),
  );
  const stored = await rawCollection(server(), 'members').find({ userId: reader.userId }).toArray();
  expect(stored).toMatchObject([{ lastReadSeq: 100, lastReadN: 100 }]);
  const receipts = await server()
    .app.models.receipts.model.find({ conversationId: toConversationId.parse(conversationId) })
    .sort({ fromSeq: 1 })
    .lean();
  expect(receipts.length).toBeLessThan(30);
  // The ranges are adjacent, without gaps.
  expect(receipts.map(({ fromSeq }) => fromSeq)).toEqual([
    1,
    ...receipts.slice(0, -1).map(({ toSeq }) => toSeq + 1),
  ]);
});
