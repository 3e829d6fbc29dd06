import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS, conversationId as toConversationId, userId as toUserId } from '../../contract/index.js';
import { sendAs } from '../contract/support/chat.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import type { TestClient } from '../support/client.js';
import { until } from '../support/until.js';
import { idsOf, say, walkList } from './support/list.js';
import { Replica } from './support/replica.js';

const server = sharedServer();
const { small, backToSmall } = LIMITS.sizes;

/** Creates a group, and a function that changes it to other sizes. */
async function groupOf(owner: TestClient, members: readonly string[], size: number) {
  const crowd = Array.from({ length: size - members.length - 1 }, (_, index) => `${owner.userId}c${index}`);
  const { _id } = await createGroup(owner, { participants: [...members, ...crowd] });
  const conversationId = toConversationId.parse(_id);
  const caller = { userId: toUserId.parse(owner.userId) };
  const { groups } = server().app.services;
  let made = 0;
  const resize = async (target: number): Promise<void> => {
    const missing = target - (members.length + 1 + crowd.length);
    if (missing > 0) {
      const more = Array.from({ length: missing }, () => `${owner.userId}d${(made += 1)}`);
      crowd.push(...more);
      await groups.add(
        caller,
        conversationId,
        more.map((id) => toUserId.parse(id)),
      );
    }
    for (let over = -missing; over > 0; over -= 1) {
      await groups.remove(caller, conversationId, toUserId.parse(crowd.pop()));
    }
  };
  return { conversationId, resize };
}

describe('a group that grows and shrinks over the limits', () => {
  test(
    'is missing for no member: neither in a list, nor in the totals, nor for a client that only syncs (every message counted)',
    { timeout: 180_000 },
    async () => {
      const sizes = fc.sample(
        fc.array(fc.constantFrom(38, 39, 45, 50, 51, 55), { minLength: 4, maxLength: 5 }),
        {
          numRuns: 2,
          seed: Date.now(),
        },
      );
      for (const [index, targets] of sizes.entries()) {
        const [ann, ben, cid] = people('ann', 'ben', 'cid');
        const [owner, member, watcher] = await connectAll(server(), [ann, ben, cid]);
        const { conversationId, resize } = await groupOf(owner, [ben, cid], 49);
        const replica = new Replica(member);
        await replica.sync();
        let said = 0;
        const work = (async () => {
          // Both directions occur at least once, whatever the generated sizes.
          for (const target of [51, ...targets, 52, 38]) {
            await resize(target);
            await sendAs(server(), { conversationId, sender: ann });
            said += 1;
          }
        })();
        const lists = async (): Promise<void> => {
          for (let isDone = false; !isDone; isDone = await isSettled(work)) {
            const before = said;
            const { conversations, totalUnread } = await watcher.ok('getConversations', {});
            expect(idsOf(conversations), `sizes ${targets.join()} of run ${index}`).toEqual([conversationId]);
            expect(totalUnread).toBeGreaterThanOrEqual(before);
          }
        };
        await Promise.all([
          replica.syncWhile(work, () => expect([...replica.conversations.keys()]).toEqual([conversationId])),
          lists(),
        ]);
        expect(replica.conversations.get(conversationId)).toMatchObject({
          ...{ unreadCount: said, messageCount: said, memberCount: 38, isLarge: false },
        });
        expect(replica.totals).toEqual({ totalUnread: said, mutedUnread: 0 });
      }
    },
  );

  test(
    'keeps settings and positions of its members, and continues the counts in either size',
    { timeout: 60_000 },
    async () => {
      const [ann, ben] = people('ann', 'ben');
      const [owner, member] = await connectAll(server(), [ann, ben]);
      const { conversationId, resize } = await groupOf(owner, [ben], small);
      for (const text of ['one', 'two', 'three']) await say(owner, conversationId, text);
      await member.ok('updateSettings', {
        conversationId,
        pinned: true,
        mutedUntil: '2999-01-01T00:00:00.000Z',
      });
      for (const [round, size] of [small + 1, backToSmall - 1].entries()) {
        await resize(size);
        const { conversation } = await member.ok('getConversation', { conversationId });
        expect(conversation).toMatchObject({
          ...{ isLarge: size > small, memberCount: size, unreadCount: 3 + round },
          ...{ pinnedAt: expect.any(String) as string, mutedUntil: '2999-01-01T00:00:00.000Z' },
        });
        await say(owner, conversationId);
      }
      const answer = await member.ok('getConversations', {});
      expect(answer).toMatchObject({ totalUnread: 0, mutedUnread: 5 });
    },
  );
});

describe('sync of members who are added and removed', () => {
  test('an old quiet group and an old quiet channel appear for added members, and disappear for removed ones', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [owner, newcomer] = await connectAll(server(), [ann, ben]);
    const group = await createGroup(owner, { participants: [] });
    const channel = await createGroup(owner, { type: 'channel', participants: [] });
    const { conversationId: large } = await groupOf(owner, [], small + 1);
    const ids = [group._id, channel._id, large];
    for (const id of ids) await say(owner, id);
    const replica = new Replica(newcomer);
    await replica.sync();
    expect(replica.conversations.size).toBe(0);
    for (const conversationId of ids) await owner.ok('addMembers', { conversationId, userIds: [ben] });
    await replica.sync();
    expect([...replica.conversations.keys()].sort()).toEqual(ids.toSorted());
    for (const id of ids) await say(owner, id);
    await replica.sync();
    for (const { unreadCount } of replica.conversations.values()) expect(unreadCount).toBe(1);
    for (const conversationId of ids) await owner.ok('removeMember', { conversationId, userId: ben });
    await replica.sync();
    expect([...replica.conversations.keys()]).toEqual([]);
    expect([...replica.settings.keys()]).toEqual([]);
    expect(replica.totals).toEqual({ totalUnread: 0, mutedUnread: 0 });
    expect(await walkList(newcomer)).toEqual([]);
  });

  test(
    'ends with the state of the log, however often a user is added and removed meanwhile',
    { timeout: 120_000 },
    async () => {
      const [ann, ben] = people('ann', 'ben');
      const [owner, member] = await connectAll(server(), [ann, ben]);
      const groups = [
        (await createGroup(owner, { participants: [] }))._id,
        (await createGroup(owner, { type: 'channel', participants: [] }))._id,
      ];
      const replica = new Replica(member);
      const coming = async (conversationId: string, rounds: number): Promise<boolean> => {
        for (let round = 0; round < rounds; round += 1) {
          await (round % 2 === 0
            ? owner.ok('addMembers', { conversationId, userIds: [ben] })
            : owner.ok('removeMember', { conversationId, userId: ben }));
          await say(owner, conversationId);
        }
        return rounds % 2 === 1;
      };
      const [first = '', second = ''] = groups;
      const isIn = await replica.syncWhile(Promise.all([coming(first, 15), coming(second, 14)]));
      await until(
        async () => {
          await replica.sync();
          return groups.every((id, index) => replica.conversations.has(id) === isIn[index]);
        },
        { what: 'a replica that agrees with the log' },
      );
      expect(replica.conversations.get(first)).toMatchObject({ unreadCount: 1, memberCount: 2 });
      expect(replica.totals.totalUnread).toBe(1);
    },
  );

  test('removes a conversation that is closed or merged, too', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [client, other] = await connectAll(server(), [ann, ben]);
    const conversationId = toConversationId.parse(await client.open(ben));
    await say(other, conversationId);
    const replica = new Replica(client);
    await replica.sync();
    expect(replica.totals.totalUnread).toBe(1);
    await server().app.models.conversations.model.updateOne(
      { _id: conversationId },
      { $set: { closedBy: ben }, $currentDate: { changedAt: true } },
    );
    await replica.sync();
    expect([...replica.conversations.keys()]).toEqual([]);
    expect(replica.totals.totalUnread).toBe(0);
  });
});

/** Returns whether a promise has settled by now. */
const isSettled = (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ]);
