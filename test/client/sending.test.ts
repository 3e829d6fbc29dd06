import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import type { Packet } from './support/packets.js';
import {
  isAnswer,
  isCommand,
  isPush,
  mostInFlight,
  say,
  Scene,
  storedTexts,
  type Pair,
} from './support/scene.js';
import type { Treatment } from './support/socketProxy.js';

/** Complaints of the users of other chat SDKs about sending: each is a promise of this one. */

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** Nothing has failed, nothing waits, and the device shows what the server has stored. */
async function expectAllWell({ alice, bob, conversationId }: Pair, texts: readonly string[]): Promise<void> {
  await alice.shows(conversationId, texts);
  await alice.outboxEmpty();
  expect(await storedTexts(bob, conversationId)).toEqual(texts);
  expect([alice.violations, alice.backwards]).toEqual([[], []]);
}

/** Bob blocks Alice, once she has written: a block between users who have not met is not revealed. */
async function block({ alice, bob, conversationId, aliceId }: Pair, blocked = true): Promise<void> {
  if (blocked) await alice.client.conversation(conversationId).sendMessage({ text: 'hi' }).stored;
  await bob.ok('blockUser', { userId: aliceId, blocked });
}

const sendIds = (packets: readonly Packet[]): string[] =>
  packets.map(({ payload }) => (payload as { clientMessageId: string }).clientMessageId);

/** Steps of a send at which the connection is lost. */
const STEPS: [name: string, fits: (packet: Packet) => boolean, treatment: Treatment][] = [
  ['before the command reaches the server', isCommand('sendMessage'), 'cut'],
  [
    'after the server stored it and before its acknowledgement leaves',
    isCommand('sendMessage'),
    'deliverAndCut',
  ],
  ['while its acknowledgement is on the way', isAnswer('sendMessage'), 'cut'],
  ['just after its acknowledgement arrived', isAnswer('sendMessage'), 'deliverAndCut'],
];

describe('sending', () => {
  test.each(STEPS)(
    'an acknowledgement that is lost is no error and no duplicate: the connection ends %s',
    async (_step, fits, treatment) => {
      await using pair = await scene.pair();
      const { alice, conversationId } = pair;
      const cut = alice.proxy.next(fits, treatment);
      const { stored, clientMessageId } = alice.client
        .conversation(conversationId)
        .sendMessage({ text: 'once' });
      await alice.shows(conversationId, ['hello', 'once']);
      await cut;
      expect(await stored).toMatchObject({ content: 'once', clientMessageId, seq: 2 });
      await expectAllWell(pair, ['hello', 'once']);
      expect(alice.failures).toEqual([]);
      expect(alice.sent.map(({ message }) => message.content)).toEqual(['once']);
      expect(new Set(sendIds(alice.proxy.recorded('command', 'sendMessage')))).toEqual(
        new Set([clientMessageId]),
      );
    },
  );

  test('a command that reaches the server after it was sent again is stored once', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    const given = alice.proxy.next(isCommand('sendMessage'), 'deliverLate');
    const { stored } = alice.client.conversation(conversationId).sendMessage({ text: 'once' });
    await given;
    await stored;
    alice.proxy.release();
    alice.client.conversation(conversationId).sendMessage({ text: 'next' });
    await expectAllWell(pair, ['hello', 'once', 'next']);
  });

  test('a resent message clears its failed bubble', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    await block(pair);
    const { outbox } = alice.client;
    const { clientMessageId, stored } = alice.client
      .conversation(conversationId)
      .sendMessage({ text: 'please' });
    await expect(stored).rejects.toMatchObject({ name: 'ParleyError', code: 'BLOCKED' });
    expect(alice.messages(conversationId).pending).toMatchObject([
      { clientMessageId, status: 'failed', code: 'BLOCKED' },
    ]);
    expect(outbox.store.getSnapshot().failedCount).toBe(1);
    await block(pair, false);
    outbox.retry(clientMessageId);
    expect(outbox.store.getSnapshot().failedCount).toBe(0);
    await expectAllWell(pair, ['hello', 'hi', 'please']);
    expect(alice.messages(conversationId)).toMatchObject({
      pending: [],
      messages: [{}, {}, { clientMessageId }],
    });
    expect(alice.failures.map(({ error }) => error.code)).toEqual(['BLOCKED']);
  });

  test('repeated taps on retry store the message once', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    await block(pair);
    const { outbox } = alice.client;
    const { clientMessageId } = alice.client.conversation(conversationId).sendMessage({ text: 'tapped' });
    await until(() => alice.failures.length === 1);
    await block(pair, false);
    const before = alice.proxy.recorded('command', 'sendMessage').length;
    const answered = alice.proxy.next(isAnswer('sendMessage'), 'hold');
    for (let tap = 0; tap < 5; tap += 1) outbox.retry(clientMessageId);
    await answered;
    for (let tap = 0; tap < 5; tap += 1) outbox.retry(clientMessageId);
    outbox.retryAll();
    alice.proxy.release();
    await expectAllWell(pair, ['hello', 'hi', 'tapped']);
    for (let tap = 0; tap < 5; tap += 1) outbox.retry(clientMessageId);
    await expectAllWell(pair, ['hello', 'hi', 'tapped']);
    expect(alice.proxy.recorded('command', 'sendMessage').length - before).toBe(1);
  });

  test('a reconnect sends what waits, without a tap', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    await alice.goOffline();
    const { stored } = alice.client.conversation(conversationId).sendMessage({ text: 'from the tunnel' });
    expect(alice.messages(conversationId).pending).toMatchObject([
      { status: 'pending', content: 'from the tunnel' },
    ]);
    // Without any hint from the app: the client finds the network by itself.
    alice.proxy.network = 'up';
    await stored;
    await expectAllWell(pair, ['hello', 'from the tunnel']);
  });

  test('five messages written offline all arrive, in order', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    await alice.goOffline();
    const texts = ['one', 'two', 'three', 'four', 'five'];
    for (const text of texts) alice.client.conversation(conversationId).sendMessage({ text });
    await alice.shows(conversationId, ['hello', ...texts]);
    await alice.comeOnline();
    await expectAllWell(pair, ['hello', ...texts]);
    const heard = bob.pushes('message:new').map(({ content }) => content);
    await until(() => bob.pushes('message:new').length >= 5);
    expect([...new Set(heard)]).toEqual(texts.slice(0, new Set(heard).size));
  });

  test('retries are never in parallel, whatever goes wrong meanwhile', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    const unavailable = { success: false, code: 'UNAVAILABLE', error: 'Try again.', retryAfterMs: 20 };
    const troubles: Treatment[] = [
      { answer: unavailable },
      'deliverAndCut',
      { answer: unavailable },
      'cut',
      'pass',
      'cut',
    ];
    alice.proxy.judge = (packet) =>
      isCommand('sendMessage')(packet) ? (troubles.shift() ?? 'pass') : 'pass';
    const texts = ['first', 'second', 'third', 'fourth'];
    for (const text of texts) {
      alice.client.conversation(conversationId).sendMessage({ text });
      // Impatient users, and apps that react to every event of the network.
      alice.client.outbox.retryAll();
      alice.lifecycle.changeNetwork(true);
    }
    await expectAllWell(pair, ['hello', ...texts]);
    expect(troubles).toEqual([]);
    expect(mostInFlight(alice.proxy.packets)).toBe(1);
  });

  test('an own message does not stay last after a gap', async () => {
    await using pair = await scene.pair();
    const { alice, bob, conversationId } = pair;
    alice.proxy.judge = (packet) => (isPush('message:new')(packet) ? 'drop' : 'pass');
    await say(bob, conversationId, 'missed 1');
    await say(bob, conversationId, 'missed 2');
    await alice.proxy.seen(({ payload }) => JSON.stringify(payload ?? '').includes('missed 2'));
    await alice.client.conversation(conversationId).sendMessage({ text: 'mine' }).stored;
    alice.proxy.judge = () => 'pass';
    await say(bob, conversationId, 'after');
    await expectAllWell(pair, ['hello', 'missed 1', 'missed 2', 'mine', 'after']);
  });

  test('unsent messages survive a resync from scratch', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    const resets: string[] = [];
    let rowsAtReset: number | undefined;
    alice.client.on('cacheReset', ({ reason }) => {
      resets.push(reason);
      rowsAtReset = alice.client.outbox.getPending(conversationId).length + alice.sent.length;
    });
    await alice.goOffline();
    for (const text of ['unsent 1', 'unsent 2'])
      alice.client.conversation(conversationId).sendMessage({ text });
    // The server was restored from a backup: its history has another name.
    let isFirst = true;
    alice.proxy.judge = (packet) => {
      if (!isFirst || !isAnswer('sync')(packet)) return 'pass';
      isFirst = false;
      const answer = packet.answer as { success: true; data: object };
      return { answer: { ...answer, data: { ...answer.data, epoch: 'restored' } } };
    };
    await alice.comeOnline();
    await expectAllWell(pair, ['hello', 'unsent 1', 'unsent 2']);
    expect([resets, rowsAtReset]).toEqual([['epoch'], 2]);
    expect(alice.failures).toEqual([]);
  });

  test('one conversation does not wait for another', async () => {
    await using pair = await scene.pair();
    const { alice, conversationId } = pair;
    const { conversation } = await alice.client.conversations.getOrCreateDirect('somebody-else');
    const held = alice.proxy.next(
      (packet) => isAnswer('sendMessage')(packet) && JSON.stringify(packet.payload).includes(conversationId),
      'drop',
    );
    alice.client.conversation(conversationId).sendMessage({ text: 'unanswered' });
    await held;
    await alice.client.conversation(conversation.id).sendMessage({ text: 'elsewhere' }).stored;
    alice.proxy.cut();
    await expectAllWell(pair, ['hello', 'unanswered']);
  });
});
