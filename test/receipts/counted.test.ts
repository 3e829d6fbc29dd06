import { describe, expect, test } from 'vitest';
import { LIMITS, conversationId as toConversationId, userId as toUserId } from '../../contract/index.js';
import { sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { say } from '../lists/support/list.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import type { TestClient } from '../support/client.js';
import { readAs, readersOf, receiptsOf, rowOf, watchCommands, whileRunning } from './support/receipts.js';

const server = sharedServer();
const { small, backToSmall, large } = LIMITS.sizes;

/** Returns the user ids of a large group. */
const crowdOf = (owner: string, size: number): string[] =>
  Array.from({ length: size }, (_, index) => `${owner}-${index}`);

async function groupOf(size: number, type: 'group' | 'channel' = 'group') {
  const [ann] = people('ann');
  const owner = await server().connectAs(ann);
  const others = crowdOf(ann, size - 1);
  const participants = others.slice(0, large - 1);
  const { _id: conversationId } = await createGroup(owner, { type, participants, history: 'joined' });
  return { conversationId, owner, others };
}

/** Returns all stored read positions of the other members. */
const readSeqs = async (on: TestServer, conversationId: string, except: string): Promise<number[]> =>
  (
    await rawCollection(on, 'members')
      .find({
        conversationId: on.app.models.members.model.base.Types.ObjectId.createFromHexString(conversationId),
      })
      .toArray()
  )
    .filter(({ userId }) => userId !== except)
    .map((one) => Number(one['lastReadSeq']));

describe('a large group', () => {
  test('of 1,000 is “seen by N”, exactly, while all of them read', { timeout: 120_000 }, async () => {
    const { conversationId, owner, others } = await groupOf(large);
    const seqs: number[] = [];
    for (let index = 0; index < 5; index += 1) seqs.push((await say(owner, conversationId)).seq);
    const [first = 0] = seqs;
    const watched = watchCommands(server(), { kind: 'update', collection: 'members' });
    const acknowledged = new Set<string>();
    const reads = Promise.all(
      others.slice(0, 900).map(async (userId, index) => {
        const seq = seqs[index % seqs.length] ?? 0;
        await readAs(server(), userId, { conversationId, seq });
        acknowledged.add(userId);
      }),
    );
    await whileRunning(reads, async () => {
      const before = acknowledged.size;
      const { readCount, members } = await receiptsOf(owner, conversationId, first);
      expect(members).toBeUndefined();
      expect(readCount).toBeGreaterThanOrEqual(before);
      expect(readCount).toBeLessThanOrEqual(900);
    });
    watched.stop();
    // One document per member, however much they read.
    expect(watched.documents()).toBeLessThanOrEqual(901);
    const stored = await readSeqs(server(), conversationId, owner.userId);
    for (const seq of seqs) {
      const expected = stored.filter((readSeq) => readSeq >= seq).length;
      expect(await receiptsOf(owner, conversationId, seq)).toMatchObject({
        ...{ readCount: expected, deliveredCount: expected, recipientCount: 999 },
      });
    }
    const { messages } = await owner.ok('getMessages', { conversationId });
    const shown = messages.filter(({ kind }) => kind === 'text');
    expect(shown.map((one) => (one.kind === 'hidden' ? 0 : one.readCount))).toEqual([
      900, 720, 540, 360, 180,
    ]);
    expect(await server().app.models.receipts.model.countDocuments({ conversationId })).toBe(0);
  });

  test('counts who answers, who leaves, and nobody who joins later', { timeout: 60_000 }, async () => {
    const { conversationId, owner, others } = await groupOf(small + 2);
    const { seq } = await say(owner, conversationId);
    const [ben = '', cid = '', dan = ''] = others;
    const [eve] = people('eve');
    await sendAs(server(), { conversationId, sender: toUserId.parse(ben) });
    await readAs(server(), cid, { conversationId, seq });
    await owner.ok('addMembers', { conversationId, userIds: [eve] });
    await readAs(server(), eve, { conversationId, seq: 100 });
    expect(await receiptsOf(owner, conversationId, seq)).toMatchObject({
      readCount: 2,
      recipientCount: small + 1,
    });
    for (const userId of [cid, dan]) await owner.ok('removeMember', { conversationId, userId });
    expect(await receiptsOf(owner, conversationId, seq)).toMatchObject({
      readCount: 2,
      recipientCount: small,
    });
    // Receipts of another user's message are counted on demand.
    const { messages } = await owner.ok('getMessages', { conversationId });
    expect(messages.find((one) => one.senderId === ben)).not.toHaveProperty('readCount');
    expect(messages.find((one) => one.seq === seq)).toMatchObject({ readCount: 2, status: 'sent' });
  });

  test(
    'pushes counts live, not names: once per write, to members who have it open',
    { timeout: 60_000 },
    async () => {
      const { conversationId, owner, others } = await groupOf(small + 10);
      await owner.ok('watchConversation', { conversationId, watching: true });
      const [hider = ''] = others;
      const shy = await server().connectAs(hider);
      await shy.ok('updatePrivacy', { readReceipts: false });
      await shy.ok('watchConversation', { conversationId, watching: true });
      const { seq } = await say(owner, conversationId);
      const readers = others.slice(1, 31);
      await Promise.all(readers.map((userId) => readAs(server(), userId, { conversationId, seq })));
      const told = await owner.next('message:counts', (counts) => counts.readCount === 30);
      expect(told).toEqual({
        conversationId,
        seq,
        readCount: 30,
        deliveredCount: 30,
        recipientCount: small + 9,
      });
      await caughtUp([owner, shy]);
      expect(owner.pushes('message:counts').length).toBeLessThanOrEqual(3);
      expect(owner.pushes('message:status').filter(({ userId }) => userId !== owner.userId)).toEqual([]);
      // A member who hides their receipts does not see those of others.
      expect(shy.pushes('message:counts')).toEqual([]);
      expect(await receiptsOf(shy, conversationId, seq)).toMatchObject({ readCount: 0, deliveredCount: 30 });
    },
  );
});

describe('a channel', () => {
  test('counts views of each post, and keeps each member’s own position', { timeout: 60_000 }, async () => {
    const { conversationId, owner, others } = await groupOf(300, 'channel');
    const posts = [
      await say(owner, conversationId),
      await say(owner, conversationId),
      await say(owner, conversationId),
    ];
    const [one = 0, two = 0, three = 0] = posts.map(({ seq }) => seq);
    await Promise.all(
      others.map((userId, index) =>
        readAs(server(), userId, { conversationId, seq: index < 100 ? two : one }),
      ),
    );
    const views = async () =>
      Promise.all(
        [one, two, three].map(async (seq) => (await receiptsOf(owner, conversationId, seq)).readCount),
      );
    expect(await views()).toEqual([299, 100, 0]);
    const [reader = ''] = others;
    const { conversation } = await (
      await server().connectAs(reader)
    ).ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ lastReadSeq: two, unreadCount: 1 });
    const [late] = people('late');
    const newcomer = await server().connectAs(late);
    await newcomer.ok('joinConversation', { conversationId });
    await newcomer.ok('message:read', { conversationId, seq: three });
    expect(await views()).toEqual([299, 100, 0]);
    // An admin who posts counts as having seen the earlier posts.
    await owner.ok('setRole', { conversationId, userId: reader, role: 'admin' });
    await sendAs(server(), { conversationId, sender: toUserId.parse(reader) });
    expect(await views()).toEqual([299, 100, 1]);
    const receipts = await receiptsOf(owner, conversationId, one);
    expect(receipts).toMatchObject({ recipientCount: 300 });
    expect(receipts.members).toBeUndefined();
    const { messages } = await owner.ok('getMessages', { conversationId });
    for (const message of messages) expect(message).not.toHaveProperty('readCount');
    expect(owner.pushes('message:counts')).toEqual([]);
  });
});

describe('a group that grows and shrinks over the limits', () => {
  test(
    'has the same counts in either size; names return with the times that are known',
    { timeout: 90_000 },
    async () => {
      const { conversationId, owner, others } = await groupOf(backToSmall - 1);
      const [ben = '', cid = ''] = others;
      const { seq } = await say(owner, conversationId);
      await readAs(server(), ben, { conversationId, seq });
      const named = await receiptsOf(owner, conversationId, seq);
      expect(readersOf(named)).toEqual([ben]);
      const more = crowdOf(`${owner.userId}x`, small + 1 - (backToSmall - 1));
      await owner.ok('addMembers', { conversationId, userIds: more });
      const counted = await receiptsOf(owner, conversationId, seq);
      expect(counted).toEqual({
        conversationId,
        seq,
        readCount: 1,
        deliveredCount: 1,
        recipientCount: backToSmall - 2,
      });
      await readAs(server(), cid, { conversationId, seq });
      expect(await receiptsOf(owner, conversationId, seq)).toMatchObject({ readCount: 2 });
      const { groups } = server().app.services;
      for (const userId of more) {
        await groups.remove(
          { userId: toUserId.parse(owner.userId) },
          toConversationId.parse(conversationId),
          toUserId.parse(userId),
        );
      }
      const back = await receiptsOf(owner, conversationId, seq);
      expect(back).toMatchObject({ readCount: 2, deliveredCount: 2, recipientCount: backToSmall - 2 });
      expect(readersOf(back)).toEqual([ben, cid].sort());
      expect(rowOf(back, ben)).toEqual(rowOf(named, ben));
      // The group was large at that time, so only this is known.
      expect(rowOf(back, cid)).toMatchObject({ read: true, delivered: true });
      expect(rowOf(back, cid)).not.toHaveProperty('readAt');
    },
  );
});

describe('the writing', () => {
  test(
    'a hundred readers of one message cause the first write and one batch',
    { timeout: 60_000 },
    async () => {
      await using alone = await startServer({ env: { RECEIPT_WINDOW_LARGE_MS: '400' } });
      const owner = await alone.connectAs('ann');
      const others = crowdOf('ann', 100);
      const { _id: conversationId } = await createGroup(owner, { participants: others });
      const { seq } = await say(owner, conversationId);
      const readers = await connectAll(alone, others);
      const updates = watchCommands(alone, { kind: 'update', collection: 'members' });
      const inserts = watchCommands(alone, { kind: 'insert', collection: 'receipts' });
      const answers = await Promise.all(
        readers.map((reader) => reader.ok('message:read', { conversationId, seq })),
      );
      expect(answers.every(({ readSeq, unreadCount }) => readSeq === seq && unreadCount === 0)).toBe(true);
      expect(updates.count()).toBeLessThanOrEqual(2);
      expect(updates.documents()).toBe(100);
      expect(inserts.count()).toBe(0);
      expect(await receiptsOf(owner, conversationId, seq)).toMatchObject({ readCount: 100 });
      [updates, inserts].forEach(({ stop }) => stop());
    },
  );

  test('a shutdown writes and answers receipts that wait for their window', { timeout: 60_000 }, async () => {
    const databaseName = newDatabaseName();
    const first = await startServer({ databaseName, env: { RECEIPT_WINDOW_LARGE_MS: '8000' } });
    const owner = await first.connectAs('ann');
    const { _id: conversationId } = await createGroup(owner, {
      type: 'channel',
      participants: ['ben', 'cid'],
    });
    const { seq } = await say(owner, conversationId);
    await readAs(first, 'ben', { conversationId, seq });
    const waiting = readAs(first, 'cid', { conversationId, seq });
    await first[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ readSeq: seq });
    await using second = await startServer({ databaseName });
    expect(await receiptsOf(await second.connectAs('ann'), conversationId, seq)).toMatchObject({
      readCount: 2,
    });
  });

  test('clearing a channel does not wait for its window', { timeout: 60_000 }, async () => {
    await using alone = await startServer({ env: { RECEIPT_WINDOW_LARGE_MS: '8000' } });
    const [owner, reader] = await connectAll(alone, ['ann', 'ben']);
    const { _id: conversationId } = await createGroup(owner, { type: 'channel', participants: ['ben'] });
    const { seq } = await say(owner, conversationId);
    await reader.ok('message:read', { conversationId, seq });
    const next = await say(owner, conversationId);
    await reader.ok('clearHistory', { conversationId });
    expect(await receiptsOf(owner, conversationId, next.seq)).toMatchObject({ readCount: 1 });
  });
});

test(
  'two processes count and list the same, and positions never move back (promise 7)',
  { timeout: 90_000 },
  async () => {
    const databaseName = newDatabaseName();
    await using a = await startServer({ databaseName });
    await using b = await startServer({ databaseName });
    const [annA, benA] = await connectAll(a, ['ann', 'ben']);
    const [annB, benB] = await connectAll(b, ['ann', 'ben']);
    const others = crowdOf('ann', small + 20);
    const { _id: largeId } = await createGroup(annA, { participants: others });
    const smallId = await annA.open('ben');
    for (let index = 0; index < 20; index += 1) await say(annA, smallId);
    const { seq } = await say(annA, largeId);
    await Promise.all([
      ...others.map((userId, index) => readAs(index % 2 ? a : b, userId, { conversationId: largeId, seq })),
      ...Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? benA : benB).ok('message:read', {
          conversationId: smallId,
          seq: ((index * 7) % 20) + 1,
        }),
      ),
    ]);
    const seen = async (client: TestClient) =>
      Promise.all([
        receiptsOf(client, largeId, seq),
        ...Array.from({ length: 20 }, (_, index) => receiptsOf(client, smallId, index + 1)),
      ]);
    const [onA, onB] = [await seen(annA), await seen(annB)];
    expect(onA).toEqual(onB);
    expect(onA[0]).toMatchObject({ readCount: others.length, recipientCount: others.length });
    const times = onA.slice(1).map((one) => Date.parse(rowOf(one, 'ben').readAt ?? ''));
    expect(times.every((at) => at > 0)).toBe(true);
  },
);
