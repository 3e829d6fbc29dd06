import { describe, expect, test } from 'vitest';
import { fillChat, openChat, sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { createScene, everyone, type Scene } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { messagesOf } from '../support/messages.js';
import { until } from '../support/until.js';

const server = sharedServer();

/** Creates a scene in which alice has sent this many messages. */
async function sceneWith(count: number): Promise<Scene> {
  const scene = await createScene(server());
  const { conversationId, alice } = scene;
  await fillChat(server(), { conversationId, senders: [alice.userId as never] }, count);
  await alice.next('message:new', ({ seq }) => seq === count);
  await caughtUp(everyone(scene));
  return scene;
}

const statuses = async ({ alice, conversationId }: Scene): Promise<string[]> =>
  messagesOf(await alice.ok('getMessages', { conversationId })).map(({ status }) => status);

describe('the status of a message', () => {
  test('moves from sent over delivered to read, as the other reports', async () => {
    const scene = await sceneWith(3);
    const { bob, conversationId } = scene;
    expect(await statuses(scene)).toEqual(['sent', 'sent', 'sent']);
    await bob.ok('message:delivered', { conversationId, seq: 2 });
    expect(await statuses(scene)).toEqual(['delivered', 'delivered', 'sent']);
    await bob.ok('message:read', { conversationId, seq: 1 });
    expect(await statuses(scene)).toEqual(['read', 'delivered', 'sent']);
    await bob.ok('message:read', { conversationId, seq: 3 });
    expect(await statuses(scene)).toEqual(['read', 'read', 'read']);
  });

  test('only moves forward: an older report changes nothing, and no one is notified (promise 7)', async () => {
    const scene = await sceneWith(5);
    const { alice, tablet, bob, conversationId } = scene;
    await bob.ok('message:read', { conversationId, seq: 4 });
    await alice.next('message:status');
    await caughtUp(everyone(scene));
    const before = [alice, tablet, bob].map(({ heard }) => heard.length);
    for (const report of ['message:read', 'message:delivered'] as const) {
      for (const seq of [1, 3, 4]) {
        expect(await bob.ok(report, { conversationId, seq })).toMatchObject({ readSeq: 4, deliveredSeq: 4 });
      }
    }
    await caughtUp(everyone(scene));
    expect([alice, tablet, bob].map(({ heard }) => heard.length)).toEqual(before);
    expect(await statuses(scene)).toEqual(['read', 'read', 'read', 'read', 'sent']);
  });

  test('moves forward under concurrent reports in any order, from two devices (promise 7)', async () => {
    const scene = await sceneWith(40);
    const { alice, bob, conversationId } = scene;
    const phone = await server().connectAs(bob.userId);
    const reports = Array.from({ length: 40 }, (_, index) => ((index * 17) % 40) + 1);
    await Promise.all(
      reports.map((seq, index) =>
        (index % 2 ? bob : phone).ok(index % 3 ? 'message:read' : 'message:delivered', {
          conversationId,
          seq,
        }),
      ),
    );
    const furthest = Math.max(...reports.filter((_, index) => index % 3));
    await until(
      async () => (await statuses(scene)).filter((status) => status === 'read').length === furthest,
    );
    await caughtUp([alice]);
    const heard = alice.pushes('message:status').filter(({ userId }) => userId === bob.userId);
    const ascending = (values: number[]): boolean =>
      values.every((value, index) => value >= (values[index - 1] ?? 0));
    expect(ascending(heard.map(({ readSeq }) => readSeq))).toBe(true);
    expect(ascending(heard.map(({ deliveredSeq }) => deliveredSeq))).toBe(true);
    expect(heard.at(-1)).toMatchObject({ readSeq: furthest, deliveredSeq: 40 });
  });

  test('is not changed by reads of the sender', async () => {
    const scene = await sceneWith(2);
    await scene.alice.ok('message:read', { conversationId: scene.conversationId, seq: 2 });
    expect(await statuses(scene)).toEqual(['sent', 'sent']);
  });

  test('is read once the other user replies', async () => {
    const scene = await sceneWith(2);
    await scene.bob.send(scene.conversationId, 'answer');
    expect(await statuses(scene)).toEqual(['read', 'read', 'sent']);
  });

  test('is the same on the newest message in the list and in the conversation', async () => {
    const { alice, bob, conversationId } = await sceneWith(2);
    await bob.ok('message:delivered', { conversationId, seq: 2 });
    const list = await alice.ok('getConversations', {});
    const one = await alice.ok('getConversation', { conversationId });
    expect(list.conversations[0]?.lastMessage?.status).toBe('delivered');
    expect(one.conversation.lastMessage?.status).toBe('delivered');
  });
});

describe('a report', () => {
  test('beyond the tail is cut to it (promise 7)', async () => {
    const { bob, alice, conversationId } = await sceneWith(3);
    expect(await bob.ok('message:read', { conversationId, seq: 1_000_000 })).toMatchObject({
      readSeq: 3,
      deliveredSeq: 3,
      unreadCount: 0,
    });
    await alice.send(conversationId, 'more');
    const { conversation } = await bob.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ unreadCount: 1, lastReadSeq: 3 });
  });

  test('on an empty conversation moves nothing', async () => {
    const [alice, bob] = people('alice', 'bob');
    const client = await server().connectAs(alice);
    const conversationId = await client.open(bob);
    expect(await client.ok('message:read', { conversationId, seq: 5 })).toMatchObject({ readSeq: 0 });
    await sendAs(server(), { conversationId, sender: bob });
    expect(await client.ok('getConversations', {})).toMatchObject({ totalUnread: 1 });
  });

  test('by the id of a message has the effect of its seq', async () => {
    const scene = await sceneWith(3);
    const { bob, alice, conversationId } = scene;
    const { messages } = await bob.ok('getMessages', { conversationId });
    const messageId = messages[1]?._id;
    expect(await bob.ok('message:delivered', { conversationId, messageId })).toMatchObject({
      deliveredSeq: 2,
    });
    expect(await bob.ok('message:read', { conversationId, messageId })).toMatchObject({ readSeq: 2 });
    expect(await alice.next('message:status', ({ readSeq }) => readSeq === 2)).toMatchObject({
      userId: bob.userId,
    });
  });

  test('by the id of an unknown message is NOT_FOUND, also when it exists in another conversation', async () => {
    const scene = await sceneWith(1);
    const [carol, dan] = people('carol', 'dan');
    const elsewhere = await openChat(server(), [carol, dan]);
    const foreign = await sendAs(server(), { conversationId: elsewhere, sender: carol });
    const answers = [];
    for (const messageId of [foreign._id, '0123456789abcdef01234567']) {
      const payload = { conversationId: scene.conversationId, messageId };
      answers.push(
        await expectRefused(() => scene.bob.call('message:read', payload), {
          code: 'NOT_FOUND',
          server: server(),
          listeners: everyone(scene),
        }),
      );
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test.each([
    ['neither place nor message', {}],
    ['both', { seq: 1, messageId: '0123456789abcdef01234567' }],
    ['place 0', { seq: 0 }],
    ['a negative place', { seq: -1 }],
    ['half a place', { seq: 1.5 }],
    ['a place as text', { seq: '1' }],
    ['an operator', { seq: { $gt: 0 } }],
    ['somebody else’s name', { seq: 1, userId: 'bob' }],
  ])('with %s is VALIDATION', async (_what, place) => {
    const scene = await sceneWith(1);
    for (const report of ['message:read', 'message:delivered'] as const) {
      await expectRefused(() => scene.bob.call(report, { conversationId: scene.conversationId, ...place }), {
        code: 'VALIDATION',
        server: server(),
        listeners: everyone(scene),
      });
    }
  });

  test('is pushed to the other user and to the reader’s own devices; only these receive the unread count', async () => {
    const { alice, tablet, bob, conversationId } = await sceneWith(3);
    const phone = await server().connectAs(bob.userId);
    const answer = await bob.ok('message:read', { conversationId, seq: 2 });
    expect(answer).toMatchObject({ userId: bob.userId, readSeq: 2, deliveredSeq: 2, unreadCount: 1 });
    const { unreadCount: _, ...shared } = answer;
    expect(await phone.next('message:status')).toEqual(answer);
    for (const client of [alice, tablet]) expect(await client.next('message:status')).toEqual(shared);
  });

  test('is stored in one document per user and conversation, however many reports', async () => {
    const { bob, conversationId } = await sceneWith(20);
    for (let seq = 1; seq <= 20; seq += 1) await bob.ok('message:read', { conversationId, seq });
    const stored = await rawCollection(server(), 'members').find({ userId: bob.userId }).toArray();
    expect(stored).toMatchObject([{ lastReadSeq: 20, lastDeliveredSeq: 20 }]);
  });
});

describe('unread', () => {
  const unreadOf = async (client: Scene['bob'], conversationId: string) => {
    const { conversation } = await client.ok('getConversation', { conversationId });
    const { totalUnread } = await client.ok('getConversations', {});
    const badge = await server().api(client.userId).get<{ totalUnread: number }>('/api/unread');
    expect(badge.body).toMatchObject({ data: { totalUnread } });
    expect((await client.ok('sync', {})).totalUnread).toBe(totalUnread);
    return [conversation.unreadCount, totalUnread];
  };

  test('counts the messages of others after the read position, exactly (promise 7)', async () => {
    const { alice, bob, conversationId } = await sceneWith(10);
    expect(await unreadOf(bob, conversationId)).toEqual([10, 10]);
    expect(await unreadOf(alice, conversationId)).toEqual([0, 0]);
    await bob.ok('message:read', { conversationId, seq: 4 });
    expect(await unreadOf(bob, conversationId)).toEqual([6, 6]);
    await bob.ok('message:delivered', { conversationId, seq: 9 });
    expect(await unreadOf(bob, conversationId)).toEqual([6, 6]);
    await bob.ok('message:read', { conversationId, seq: 10 });
    expect(await unreadOf(bob, conversationId)).toEqual([0, 0]);
  });

  test('does not count own messages: sending moves the own read position (promise 7)', async () => {
    const { alice, bob, conversationId } = await sceneWith(3);
    await bob.send(conversationId, 'I have seen all that');
    expect(await unreadOf(bob, conversationId)).toEqual([0, 0]);
    expect(await unreadOf(alice, conversationId)).toEqual([1, 1]);
    await alice.send(conversationId, 'good');
    expect(await unreadOf(bob, conversationId)).toEqual([1, 1]);
    expect(await unreadOf(alice, conversationId)).toEqual([0, 0]);
    const { conversation } = await bob.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ lastSeq: 5, messageCount: 5, lastReadSeq: 4, lastDeliveredSeq: 4 });
  });

  test('is summed over conversations, and a new message after reading counts again (promise 7)', async () => {
    const [alice, bob, carol, dan] = people('alice', 'bob', 'carol', 'dan');
    const client = await server().connectAs(alice);
    const ids = await Promise.all([bob, carol, dan].map((other) => openChat(server(), [alice, other])));
    const [first = '', second = '', third = ''] = ids;
    await fillChat(server(), { conversationId: first, senders: [bob] }, 3);
    await fillChat(server(), { conversationId: second, senders: [carol] }, 5);
    await fillChat(server(), { conversationId: third, senders: [alice] }, 2);
    expect(await client.ok('getConversations', { limit: 1 })).toMatchObject({ totalUnread: 8 });
    expect((await server().api(alice).get('/api/unread')).body).toEqual({
      success: true,
      data: { totalUnread: 8, mutedUnread: 0, unreadConversations: 2 },
    });
    await client.ok('message:read', { conversationId: second, seq: 5 });
    expect(await client.ok('getConversations', {})).toMatchObject({ totalUnread: 3 });
    await sendAs(server(), { conversationId: second, sender: carol });
    expect(await client.ok('getConversations', {})).toMatchObject({ totalUnread: 4 });
  });

  test('is correct after concurrent reads and sends (promise 7)', async () => {
    const { alice, bob, conversationId } = await sceneWith(1);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        index % 2
          ? alice.send(conversationId, `${index}`)
          : bob.call('message:read', { conversationId, seq: index }),
      ),
    );
    const end = await bob.ok('message:read', { conversationId, seq: 20 });
    const { conversation } = await bob.ok('getConversation', { conversationId });
    expect(conversation.lastSeq).toBe(31);
    expect(conversation.unreadCount).toBe(31 - end.readSeq);
    expect(await unreadOf(bob, conversationId)).toEqual([31 - end.readSeq, 31 - end.readSeq]);
    await bob.ok('message:read', { conversationId, seq: 31 });
    expect(await unreadOf(bob, conversationId)).toEqual([0, 0]);
  });
});

test('the positions of both are shown on the conversation, to both alike', async () => {
  const { alice, bob, conversationId } = await sceneWith(4);
  await bob.ok('message:read', { conversationId, seq: 2 });
  await bob.ok('message:delivered', { conversationId, seq: 3 });
  for (const client of [alice, bob]) {
    const { conversation } = await client.ok('getConversation', { conversationId });
    expect(conversation.members.find(({ _id }) => _id === bob.userId)).toMatchObject({
      lastReadSeq: 2,
      lastDeliveredSeq: 3,
    });
    expect(conversation.members.find(({ _id }) => _id === alice.userId)).toMatchObject({ lastReadSeq: 4 });
  }
});
