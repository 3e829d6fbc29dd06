import { describe, expect, test } from 'vitest';
import { LIMITS, type UserId } from '../../contract/index.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';

const server = sharedServer();

describe('opening a conversation', () => {
  test('150 concurrent calls over sockets, from both sides and several devices, give one id (promise 1)', async () => {
    const [alice, bob] = people('alice', 'bob');
    const devices = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const [caller, other] = index % 2 ? [alice, bob] : [bob, alice];
        return { client: await server().connectAs(caller), other };
      }),
    );
    const answers = await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const device = devices[index % devices.length];
        return device?.client.ok('getOrCreateDirect', { otherUserId: device.other });
      }),
    );
    expect(answers).toHaveLength(150);
    expect(new Set(answers.map((answer) => answer?.conversation._id)).size).toBe(1);
    expect(answers.filter((answer) => answer?.created)).toHaveLength(1);
    const stored = await rawCollection(server(), 'conversations').countDocuments({ participants: alice });
    expect(stored).toBe(1);
  });

  test('the other user and the caller’s other devices are notified live, once, each with their own view', async () => {
    const [alice, bob, carol] = people('alice', 'bob', 'carol');
    const [phone, tablet, other, stranger] = await Promise.all([
      server().connectAs(alice),
      server().connectAs(alice),
      server().connectAs(bob),
      server().connectAs(carol),
    ]);
    const { conversation } = await phone.ok('getOrCreateDirect', { otherUserId: bob });
    expect((await other.next('conversation:created')).conversation).toEqual(conversation);
    expect((await tablet.next('conversation:created')).conversation).toEqual(conversation);
    await phone.ok('getOrCreateDirect', { otherUserId: bob });
    await other.ok('getOrCreateDirect', { otherUserId: alice });
    await caughtUp([phone, tablet, other, stranger]);
    expect(phone.heard).toEqual([]);
    expect(tablet.heard).toHaveLength(1);
    expect(other.heard).toHaveLength(1);
    expect(stranger.heard).toEqual([]);
  });

  test('with oneself is refused, and no one is notified', async () => {
    const [alice, bob] = people('alice', 'bob');
    const [client, device, other] = await Promise.all([
      server().connectAs(alice),
      server().connectAs(alice),
      server().connectAs(bob),
    ]);
    const answer = await expectRefused(() => client.call('getOrCreateDirect', { otherUserId: alice }), {
      code: 'VALIDATION',
      server: server(),
      listeners: [client, device, other],
    });
    expect(answer).toMatchObject({ details: [{ path: 'otherUserId' }] });
  });

  test('a user who has never connected can be written to', async () => {
    const [alice, newcomer] = people('alice', 'newcomer');
    const client = await server().connectAs(alice);
    const conversationId = await client.open(newcomer);
    expect(await client.send(conversationId, 'welcome')).toMatchObject({ success: true, data: { seq: 1 } });
    const arrived = await server().connectAs(newcomer);
    const { conversations, totalUnread } = await arrived.ok('getConversations', {});
    expect(conversations.map(({ _id }) => _id)).toEqual([conversationId]);
    expect(totalUnread).toBe(1);
  });
});

describe('any text is a user id', () => {
  const filler = 'x'.repeat(LIMITS.maxUserIdChars - 4);
  test.each([
    ['underscores', 'a_b__c_'],
    ['percent signs', '100%5F%25%'],
    ['emoji', '😀🏳️‍🌈👩‍👩‍👧'],
    ['dots, dollars and operators', '$ne.$gt.{"$gt":""}'],
    ['spaces and quotes', ` " ' \\ \` `],
    ['slashes and colons, as room names have them', 'user:bob/watchers:bob'],
    ['right-to-left text and combining marks', 'שלום\u202Eabc e\u0301\u0301'],
    ['a prototype’s name', '__proto__'],
    ['128 characters', filler],
  ])('with %s: chat, list, sync and presence work end to end', async (_what, strange) => {
    const [alice, suffix] = people('alice', '');
    const stranger = (strange === '__proto__' ? strange : `${strange}${suffix}`) as UserId;
    const [client, other] = await Promise.all([server().connectAs(alice), server().connectAs(stranger)]);
    const { conversation } = await client.ok('getOrCreateDirect', { otherUserId: stranger });
    expect(conversation.participants.toSorted()).toEqual([alice, stranger].sort());
    const conversationId = conversation._id;

    expect(await other.send(conversationId, 'hello')).toMatchObject({ success: true });
    expect(await client.next('message:new')).toMatchObject({ senderId: stranger, sender: { _id: stranger } });
    expect((await client.ok('getConversations', {})).conversations).toMatchObject([
      { _id: conversationId, unreadCount: 1, lastMessage: { senderId: stranger } },
    ]);
    await client.ok('message:read', { conversationId, seq: 1 });
    expect(await other.next('message:status', ({ userId }) => userId === alice)).toMatchObject({
      readSeq: 1,
    });
    expect((await other.ok('sync', {})).conversations.map(({ _id }) => _id)).toContain(conversationId);

    expect(await client.send(conversationId, 'hello yourself')).toMatchObject({ success: true });
    expect(await client.ok('presence:watch', { userIds: [stranger] })).toEqual({
      presences: [{ userId: stranger, status: 'online' }],
    });
    other.close();
    expect(await client.next('presence')).toMatchObject({ userId: stranger, status: 'offline' });
    const again = await client.ok('getOrCreateDirect', { otherUserId: stranger });
    expect(again).toMatchObject({ created: false, conversation: { _id: conversationId } });
  });

  test('one of 129 characters, without a character, or with half a character is refused', async () => {
    const [alice] = people('alice');
    const client = await server().connectAs(alice);
    for (const otherUserId of ['x'.repeat(129), '', 'a\u0000b', 'a\ud800', '\udfffb']) {
      expect(await client.call('getOrCreateDirect', { otherUserId })).toMatchObject({
        success: false,
        code: 'VALIDATION',
      });
    }
  });
});

describe('occasions (requirement B2)', () => {
  const product = { kind: 'product', id: 'sku-1', title: 'A red bicycle' } as const;
  const occasions = [
    { kind: 'general' },
    product,
    { kind: 'seller', id: 'shop-9', title: 'Nina’s bicycles' },
    { kind: 'order', id: '2024/0001' },
  ] as const;

  test('of every kind belong to the one conversation of the pair, and are kept and shown with it', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const [client, other] = await Promise.all([server().connectAs(buyer), server().connectAs(seller)]);
    const ids = new Set<string>();
    for (const occasion of occasions) {
      const { conversation } = await client.ok('getOrCreateDirect', { otherUserId: seller, occasion });
      ids.add(conversation._id);
    }
    const { conversation } = await other.ok('getOrCreateDirect', { otherUserId: buyer });
    expect(ids).toEqual(new Set([conversation._id]));
    const expected = occasions.map((occasion) => ({
      ...occasion,
      startedBy: buyer,
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    }));
    expect(conversation.occasions).toEqual(expected);
    expect((await other.ok('getConversations', {})).conversations[0]?.occasions).toEqual(expected);
  });

  test('are pushed to the other user live: first the new conversation, then updates', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const [client, device, other] = await Promise.all([
      server().connectAs(buyer),
      server().connectAs(buyer),
      server().connectAs(seller),
    ]);
    await client.ok('getOrCreateDirect', { otherUserId: seller, occasion: { kind: 'general' } });
    const { conversation } = await other.next('conversation:created');
    expect(conversation.occasions).toMatchObject([{ kind: 'general' }]);
    await client.ok('getOrCreateDirect', { otherUserId: seller, occasion: product });
    const news = { conversation: { occasions: [{ kind: 'general' }, product] }, head: { lastSeq: 0 } };
    expect(await other.next('conversation:updated')).toMatchObject(news);
    expect(await device.next('conversation:updated')).toMatchObject(news);
    await caughtUp([client]);
    expect(client.heard).toEqual([]);
  });

  test('exist once per kind and id, also for twenty concurrent requests from both sides; no one is notified again', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const [client, other] = await Promise.all([server().connectAs(buyer), server().connectAs(seller)]);
    await client.open(seller);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2
          ? client.ok('getOrCreateDirect', { otherUserId: seller, occasion: product })
          : other.ok('getOrCreateDirect', { otherUserId: buyer, occasion: { ...product, title: 'Renamed' } }),
      ),
    );
    const { conversation } = await client.ok('getOrCreateDirect', { otherUserId: seller, occasion: product });
    expect(conversation.occasions).toHaveLength(1);
    await caughtUp([client, other]);
    const told = [...client.pushes('conversation:updated'), ...other.pushes('conversation:updated')];
    // One of the requests was first: its socket has the answer, the other user the push.
    expect(told).toHaveLength(1);
  });

  test('of one kind with another id, or without one, are different occasions', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const client = await server().connectAs(buyer);
    for (const id of ['1', '2', undefined, '1', undefined]) {
      const occasion = { kind: 'product', ...(id !== undefined && { id }) };
      await client.ok('getOrCreateDirect', { otherUserId: seller, occasion });
    }
    const { conversation } = await client.ok('getOrCreateDirect', { otherUserId: seller });
    expect(conversation.occasions.map(({ id }) => id)).toEqual(['1', '2', undefined]);
  });

  test('beyond the limit replace the oldest', async () => {
    const [buyer, seller] = people('buyer', 'seller');
    const client = await server().connectAs(buyer);
    for (let index = 0; index < LIMITS.maxOccasions + 3; index += 1) {
      await client.ok('getOrCreateDirect', {
        otherUserId: seller,
        occasion: { kind: 'order', id: `${index}` },
      });
    }
    const { conversation } = await client.ok('getOrCreateDirect', { otherUserId: seller });
    expect(conversation.occasions).toHaveLength(LIMITS.maxOccasions);
    expect(conversation.occasions[0]?.id).toBe('3');
  });

  test('do not move the conversation in a list: only messages do', async () => {
    const [buyer, seller, third] = people('buyer', 'seller', 'third');
    const client = await server().connectAs(buyer);
    const older = await client.open(seller);
    const newer = await client.open(third);
    await client.send(newer, 'newest');
    await client.ok('getOrCreateDirect', { otherUserId: seller, occasion: product });
    const { conversations } = await client.ok('getConversations', {});
    expect(conversations.map(({ _id }) => _id)).toEqual([newer, older]);
  });
});
