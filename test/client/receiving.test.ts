import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReadableStore } from '../../packages/client/src/observable/readableStore.js';
import { until } from '../support/until.js';
import { isAnswer, isPush, say, Scene } from './support/scene.js';
import { shuffle } from './support/shuffle.js';

/** Complaints of the users of other chat SDKs about receiving, badges and what is rendered. */

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('receiving', () => {
  test('a gap is repaired without a restart, as soon as a later message shows it', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    alice.proxy.judge = (packet) => (isPush('message:new')(packet) ? 'drop' : 'pass');
    await say(bob, conversationId, 'lost 1');
    await say(bob, conversationId, 'lost 2');
    await until(() => alice.proxy.recorded('push', 'message:new').length === 2);
    alice.proxy.judge = () => 'pass';
    await say(bob, conversationId, 'seen');
    await alice.shows(conversationId, ['hello', 'lost 1', 'lost 2', 'seen']);
    expect(alice.messages(conversationId).gaps).toEqual([]);
    expect(new Set(alice.received.map(({ content }) => content))).toEqual(
      new Set(['hello', 'lost 1', 'lost 2', 'seen']),
    );
    expect(alice.received).toHaveLength(4);
    expect(alice.violations).toEqual([]);
  });

  test('a gap without any later message is repaired when the servers advise a sync', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    alice.proxy.judge = (packet) => (packet.kind === 'push' ? 'drop' : 'pass');
    await say(bob, conversationId, 'lost');
    await until(() => alice.proxy.recorded('push', 'message:new').length === 1);
    alice.proxy.judge = () => 'pass';
    alice.proxy.push('sync:advised', { withinMs: 10 });
    await alice.shows(conversationId, ['hello', 'lost']);
  });

  test('a lost change is repaired: edits, deletions and reactions that were missed are there after the next one', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    for (const text of ['to edit', 'to delete']) await say(bob, conversationId, text);
    await alice.shows(conversationId, ['hello', 'to edit', 'to delete']);
    alice.proxy.judge = (packet) => (packet.kind === 'push' ? 'drop' : 'pass');
    await bob.ok('editMessage', { conversationId, seq: 2, content: 'edited' });
    await bob.ok('deleteMessage', { conversationId, seq: 3, for: 'everyone' });
    await until(() => alice.proxy.recorded('push', 'message:deleted').length === 1);
    alice.proxy.judge = () => 'pass';
    await bob.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
    await alice.shows(conversationId, ['hello', 'edited', '']);
    await until(() => alice.messages(conversationId).messages[0]?.reactions.length === 1);
    expect(alice.messages(conversationId).messages[2]?.deletedAt).toBeDefined();
    expect(alice.violations).toEqual([]);
  });

  test('messages that arrive while a sync is under way are neither lost nor doubled', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    await alice.goOffline();
    await say(bob, conversationId, 'before');
    const held = alice.proxy.next(({ kind, event }) => kind === 'answer' && event === 'sync', 'pass');
    const back = alice.comeOnline();
    await held;
    for (const text of ['meanwhile 1', 'meanwhile 2']) await say(bob, conversationId, text);
    await back;
    await say(bob, conversationId, 'after');
    await alice.shows(conversationId, ['hello', 'before', 'meanwhile 1', 'meanwhile 2', 'after']);
    const received = alice.received.map(({ content }) => content);
    expect(received.filter((text) => text !== 'hello').sort()).toEqual([
      'after',
      'before',
      'meanwhile 1',
      'meanwhile 2',
    ]);
  });

  test('a page that was requested before a message was acknowledged breaks no promise by lacking it', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    const postponed = alice.proxy.next(isAnswer('getMessages'), 'postpone');
    const page = alice.client.conversation(conversationId).loadNewer(0);
    await postponed;
    await alice.client.conversation(conversationId).sendMessage({ text: 'acknowledged meanwhile' }).stored;
    alice.proxy.release();
    await page;
    expect(alice.violations).toEqual([]);
  });

  test('a server that has lost an acknowledged message is reported, with the evidence', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    await alice.client.conversation(conversationId).sendMessage({ text: 'acknowledged' }).stored;
    alice.proxy.judge = (packet) => {
      if (!isAnswer('getMessages')(packet)) return 'pass';
      const answer = packet.answer as { success: true; data: object };
      return { answer: { ...answer, data: { ...answer.data, messages: [], lastSeq: 1 } } };
    };
    await alice.client.conversation(conversationId).loadNewer(0);
    expect(alice.violations).toEqual([
      { kind: 'acknowledgedLost', conversationId, evidence: { seq: 2, lastSeq: 1 } },
    ]);
  });

  test('a confirmed position that goes back is reported; one that was only derived may lag', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    const { client } = alice;
    for (const text of ['two', 'three']) await say(bob, conversationId, text);
    await alice.shows(conversationId, ['hello', 'two', 'three']);
    /** Shows another read position than the server's. */
    const showPosition = async (lastReadSeq: number): Promise<void> => {
      alice.proxy.judge = (packet) => {
        if (!isAnswer('getConversation')(packet)) return 'pass';
        const { data } = packet.answer as { data: { conversation: object } };
        return { answer: { success: true, data: { conversation: { ...data.conversation, lastReadSeq } } } };
      };
      await client.command('getConversation', { conversationId });
    };
    await showPosition(3);
    await showPosition(0);
    expect(alice.violations).toEqual([]);
    client.conversation(conversationId).markRead(2);
    await bob.next('message:status', ({ readSeq }) => readSeq === 2);
    await until(() => alice.proxy.recorded('answer', 'message:read').length > 0);
    await showPosition(1);
    expect(alice.violations).toMatchObject([
      { kind: 'positionBack', conversationId, evidence: { readSeq: 2 } },
    ]);
  });

  test('older messages that the server does not have are not requested without end', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    for (let count = 0; count < 70; count += 1) await say(bob, conversationId, `number ${count}`);
    const phone = await scene.server.connectAs(alice.userId);
    // Otherwise what is around the first unread message is loaded as well.
    await phone.ok('message:read', { conversationId, seq: 71 });
    await using tablet = await scene.device(alice.userId);
    await tablet.open(conversationId);
    const handle = tablet.client.conversation(conversationId);
    expect(handle.messages.getSnapshot().hasOlder).toBe(true);
    tablet.proxy.judge = (packet) =>
      isAnswer('getMessages')(packet)
        ? { answer: { success: true, data: { messages: [], lastSeq: 71, hasMore: false } } }
        : 'pass';
    expect(await handle.loadOlder()).toBe(false);
    tablet.proxy.judge = () => 'pass';
    expect(await handle.loadOlder()).toBe(true);
    expect(await handle.loadOlder()).toBe(false);
    expect(handle.messages.getSnapshot().messages).toHaveLength(71);
  });

  test('a conversation of which only a live message is held shows its newest page when it is opened', async () => {
    const aliceId = 'alice-scanty';
    const [bob, tablet] = await Promise.all([
      scene.server.connectAs('bob-scanty'),
      scene.server.connectAs(aliceId),
    ]);
    const conversationId = await bob.open(aliceId);
    for (const text of ['one', 'two']) await say(bob, conversationId, text);
    // Delivered elsewhere: nothing is loaded in advance.
    await tablet.ok('message:delivered', { conversationId, seq: 2 });
    await using alice = await scene.device(aliceId);
    await say(bob, conversationId, 'live');
    await until(() => alice.received.some(({ content }) => content === 'live'));
    await alice.open(conversationId);
    await alice.shows(conversationId, ['one', 'two', 'live']);
  });

  test('two devices of one user show the same, also when one was away', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId, aliceId } = pair;
    await using tablet = await scene.device(aliceId);
    await tablet.open(conversationId);
    await tablet.goOffline();
    await alice.client.conversation(conversationId).sendMessage({ text: 'from the phone' }).stored;
    tablet.client.conversation(conversationId).sendMessage({ text: 'from the tablet' });
    await say(bob, conversationId, 'from Bob');
    await tablet.comeOnline();
    await tablet.outboxEmpty();
    const texts = ['hello', 'from the phone', 'from Bob', 'from the tablet'];
    await Promise.all([alice.shows(conversationId, texts), tablet.shows(conversationId, texts)]);
  });
});

describe('badges', () => {
  test('the badge is right in any order of events', async () => {
    const aliceId = 'alice-badge';
    await using alice = await scene.device(aliceId);
    const tablet = await scene.server.connectAs(aliceId);
    let runs = 0;
    const seed = fc.integer();
    await fc.assert(
      fc.asyncProperty(seed, fc.boolean(), async (order, isDoubled) => {
        runs += 1;
        const bob = await scene.server.connectAs(`bob-badge-${runs}`);
        const conversationId = await bob.open(aliceId);
        await say(bob, conversationId, 'one');
        const { unreadCount } = alice.client;
        const ofChat = () =>
          alice.client.conversation(conversationId).conversation.getSnapshot()?.unreadCount;
        await until(() => ofChat() === 1, { what: 'one unread message', everyMs: 5 });
        const from = alice.proxy.packets.length;
        alice.proxy.judge = (packet) => (packet.kind === 'push' ? 'drop' : 'pass');
        await say(bob, conversationId, 'two');
        await tablet.ok('message:read', { conversationId, seq: 2 });
        await say(bob, conversationId, 'three');
        await say(tablet, conversationId, 'mine does not count');
        await say(bob, conversationId, 'four');
        await until(() => JSON.stringify(alice.proxy.packets.slice(from)).includes('four'));
        const lost = alice.proxy.packets.slice(from).filter(({ kind }) => kind === 'push');
        alice.proxy.judge = () => 'pass';
        const shuffled = shuffle(isDoubled ? [...lost, ...lost] : lost, order);
        for (const { event, payload } of shuffled)
          alice.proxy.push(event, (payload as { data: unknown }).data);
        // Whoever writes has read what came before.
        await until(() => ofChat() === 1, { what: 'one unread message of four', everyMs: 5 });
        // A read position that arrives late, and all of it again, change nothing.
        for (const { event, payload } of lost) alice.proxy.push(event, (payload as { data: unknown }).data);
        await alice.client.command('getConversations', { limit: 1 });
        const { totalUnread } = await tablet.ok('getConversations', { limit: 1 });
        await until(() => unreadCount.getSnapshot() === totalUnread, {
          what: 'the badge of the server',
          everyMs: 5,
        });
        expect(ofChat()).toBe(1);
        bob.close();
      }),
      { numRuns: 8 },
    );
    expect(alice.violations).toEqual([]);
  });

  test('reading on one device clears the badge of the other', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId, aliceId } = pair;
    await using tablet = await scene.device(aliceId);
    await say(bob, conversationId, 'unread');
    for (const device of [alice, tablet]) await until(() => device.client.unreadCount.getSnapshot() === 2);
    alice.client.conversation(conversationId).markRead(2);
    expect(alice.client.unreadCount.getSnapshot()).toBe(0);
    await until(() => tablet.client.unreadCount.getSnapshot() === 0);
  });

  test('reading while offline is reported later, and the badge does not come back', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    const badges: number[] = [];
    await alice.goOffline();
    alice.client.conversation(conversationId).markRead(1);
    alice.client.unreadCount.subscribe(() => badges.push(alice.client.unreadCount.getSnapshot()));
    await alice.comeOnline();
    await bob.next('message:status', ({ readSeq }) => readSeq === 1);
    expect(alice.client.unreadCount.getSnapshot()).toBe(0);
    expect(badges.filter((badge) => badge > 0)).toEqual([]);
  });
});

describe('what is rendered', () => {
  test('selectors return stable references until their value has changed', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    const { client } = alice;
    const handle = client.conversation(conversationId);
    expect(client.conversation(conversationId)).toBe(handle);
    expect(client.conversations.list()).toBe(client.conversations.list());
    const stores: Record<string, ReadableStore<unknown>> = {
      messages: handle.messages,
      conversation: handle.conversation,
      list: client.conversations.list(),
      unread: client.conversations.list('unread'),
      outbox: client.outbox.store,
      user: client.users.get(bob.userId),
      presence: client.users.presence(bob.userId),
      connection: client.connectionState,
      state: client.state,
    };
    const snapshots = () =>
      Object.fromEntries(Object.entries(stores).map(([name, one]) => [name, one.getSnapshot()]));
    await bob.next('message:status', ({ deliveredSeq }) => deliveredSeq === 1);
    await client.command('getConversations', { limit: 1 });
    const before = snapshots();
    const again = snapshots();
    for (const name of Object.keys(stores)) expect(again[name], name).toBe(before[name]);

    // A message elsewhere changes the list, and nothing of this conversation.
    const other = await scene.server.connectAs(`${bob.userId}-other`);
    const elsewhere = await other.open(alice.userId);
    await say(other, elsewhere, 'elsewhere');
    await until(() => client.conversation(elsewhere).conversation.getSnapshot()?.lastSeq === 1);
    const after = snapshots();
    for (const name of ['messages', 'conversation', 'outbox', 'user', 'connection'])
      expect(after[name], name).toBe(before[name]);
    expect(after['list']).not.toBe(before['list']);
  });

  test('a new message keeps the references of all others, and is one notification', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    for (const text of ['one', 'two']) await say(bob, conversationId, text);
    await alice.shows(conversationId, ['hello', 'one', 'two']);
    const handle = alice.client.conversation(conversationId);
    handle.markRead(3);
    await bob.next('message:status', ({ readSeq }) => readSeq === 3);
    await alice.client.command('getConversations', { limit: 1 });
    const before = handle.messages.getSnapshot().messages;
    await say(bob, conversationId, 'three');
    await alice.shows(conversationId, ['hello', 'one', 'two', 'three']);
    const after = handle.messages.getSnapshot().messages;
    for (const [index, message] of before.entries()) expect(after[index]).toBe(message);
  });
});
