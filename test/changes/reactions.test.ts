import { describe, expect, test } from 'vitest';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { createScene } from '../contract/support/scene.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import { storedIn } from './support/stored.js';

const server = sharedServer();

/** Twenty emojis. */
const FOOD = Array.from('🍇🍈🍋🍉🍊🍌🍍🍎🍏🍐🍑🍒🍓🍔🍕🍖🍗🍘🍙🍚');

describe('a reaction', () => {
  test('is counted, and all members see which are their own', async () => {
    const { alice, tablet, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'hello');
    const place = { conversationId, seq: 1 };
    await bob.ok('react', { ...place, emoji: '👍', on: true });
    const { change } = await alice.ok('react', { ...place, emoji: '👍', on: true });
    expect(change).toMatchObject({ rev: 2, kind: 'reaction', emoji: '👍', on: true });
    expect(change.message.reactions).toEqual([{ emoji: '👍', count: 2, own: true }]);
    const heard = await bob.next('message:reaction', ({ rev }) => rev === 2);
    expect(heard).toMatchObject({ userId: alice.userId, emoji: '👍', on: true });
    expect(heard.message.reactions).toEqual([{ emoji: '👍', count: 2, own: true }]);
    const first = await tablet.next('message:reaction', ({ rev }) => rev === 1);
    expect(first.message.reactions).toEqual([{ emoji: '👍', count: 1, own: false }]);
    await bob.ok('react', { ...place, emoji: '👍', on: false });
    for (const [client, own] of [
      [alice, true],
      [bob, false],
    ] as const) {
      const { messages } = await client.ok('getMessages', { conversationId });
      expect(messages[0]?.reactions).toEqual([{ emoji: '👍', count: 1, own }]);
    }
    const given = await bob.ok('getReactions', place);
    expect(given).toEqual({ reactions: [{ emoji: '👍', user: { _id: alice.userId } }] });
  });

  test('exists once per emoji and user, however often it is added', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'hello');
    const wish = { conversationId, seq: 1, emoji: '🎉', on: true };
    const answers = await Promise.all(Array.from({ length: 20 }, () => bob.ok('react', wish)));
    expect(new Set(answers.map(({ change }) => change.rev))).toEqual(new Set([1]));
    expect(answers.at(-1)?.change.message.reactions).toEqual([{ emoji: '🎉', count: 1, own: true }]);
    await bob.ok('react', { ...wish, emoji: '😶', on: false });
    await caughtUp([alice]);
    expect(alice.pushes('message:reaction')).toHaveLength(1);
  });

  test('is limited to 5 per user and 20 emojis per message', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'hello');
    const react = (client: typeof alice, emoji: string, on = true) =>
      client.call('react', { conversationId, seq: 1, emoji, on });
    for (const emoji of ['😀', '😁', '😂', '😃', '😄'])
      expect(await react(bob, emoji)).toMatchObject({ success: true });
    expect(await react(bob, '😅')).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await react(bob, '😀', false)).toMatchObject({ success: true });
    expect(await react(bob, '😅')).toMatchObject({ success: true });
    const full = Array.from({ length: 20 }, (_, index) => ({ emoji: FOOD[index] ?? '', count: 1 }));
    const id = storedIn(server(), 'messages');
    await id.updateOne({ senderId: alice.userId, seq: 1 }, { $set: { reactions: full } });
    expect(await react(alice, '🚲')).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await react(alice, '🍉')).toMatchObject({ success: true });
  });
});

describe('an emoji', () => {
  test('is one emoji with or without variation selector, over every entry point', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'hello');
    const place = { conversationId, seq: 1 };
    await bob.ok('react', { ...place, emoji: '❤', on: true });
    const path = `/api/conversations/${conversationId}/messages/1/reactions/${encodeURIComponent('❤\ufe0e')}`;
    const put = await server().api(alice.userId).request('PUT', path);
    expect(put).toMatchObject({ status: 200, body: { data: { change: { emoji: '❤️' } } } });
    await bob.ok('react', { ...place, emoji: '👍\ufe0f', on: true });
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages[0]?.reactions).toEqual([
      { emoji: '❤️', count: 2, own: true },
      { emoji: '👍', count: 1, own: true },
    ]);
    const { reactions } = await bob.ok('getReactions', { ...place, emoji: '❤' });
    expect(reactions.map(({ emoji }) => emoji)).toEqual(['❤️', '❤️']);
  });

  test.each(['IHATEYOU', 'meet-me@555', '👍👎', '1', '\u200b', '\u2800'])(
    'is required for a reaction; %j is refused, and no one is notified',
    async (emoji) => {
      const { alice, bob, conversationId } = await createScene(server());
      await alice.send(conversationId, 'hello');
      const wish = { conversationId, seq: 1, emoji, on: true };
      const refused = { code: 'VALIDATION', server: server(), listeners: [alice, bob] } as const;
      await expectRefused(() => bob.call('react', wish), refused);
      const path = `/api/conversations/${conversationId}/messages/1/reactions/${encodeURIComponent(emoji)}`;
      expect(await server().api(bob.userId).request('PUT', path)).toMatchObject({
        status: 400,
      });
    },
  );

  test('that an older version stored in another form, or as a word, is shown and can be removed', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'hello');
    const place = { conversationId, seq: 1 };
    const old = ['❤', '👍\ufe0f', 'LOVE'];
    const counts = [...old, '👍'].map((emoji) => ({ emoji, count: 1 }));
    const message = { senderId: alice.userId, seq: 1 };
    await storedIn(server(), 'messages').updateOne(message, { $set: { reactions: counts } });
    const stored = await storedIn(server(), 'messages').findOne(message);
    for (const [userId, emojis] of [
      [bob.userId, old],
      [alice.userId, ['👍']],
    ] as const) {
      const reaction = { conversationId: stored?.['conversationId'] as unknown, seq: 1, userId };
      await storedIn(server(), 'reactions').insertOne({ ...reaction, state: { rev: 0, emojis } });
    }
    const shown = async () => (await bob.ok('getMessages', { conversationId })).messages[0]?.reactions;
    expect(await shown()).toEqual([
      { emoji: '❤️', count: 1, own: true },
      { emoji: '👍', count: 2, own: true },
      { emoji: 'LOVE', count: 1, own: true },
    ]);
    const { reactions } = await bob.ok('getReactions', { ...place, emoji: '👍' });
    expect(reactions.map(({ user }) => user._id).toSorted()).toEqual([alice.userId, bob.userId].toSorted());
    const again = await bob.ok('react', { ...place, emoji: '❤️', on: true });
    expect(again.change.rev).toBe(0);
    for (const emoji of ['❤️', '👍', 'LOVE']) {
      const { change } = await bob.ok('react', { ...place, emoji, on: false });
      expect(change).toMatchObject({ emoji, on: false });
    }
    expect(await shown()).toEqual([{ emoji: '👍', count: 1, own: false }]);
  });
});

test('300 concurrent reactions of two users, on and off, leave exact counts', async () => {
  const { alice, tablet, bob, conversationId } = await createScene(server());
  await alice.send(conversationId, 'hello');
  const emojis = ['👍', '❤️', '😂', '😮', '😢'];
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      ([alice, tablet, bob][index % 3] ?? bob).call('react', {
        ...{ conversationId, seq: 1, emoji: emojis[index % 5], on: index % 7 < 4 },
      }),
    ),
  );
  const { messages } = await alice.ok('getMessages', { conversationId });
  const { reactions } = await alice.ok('getReactions', { conversationId, seq: 1 });
  const counted = (messages[0]?.reactions ?? []).map(({ emoji, count }) => [emoji, count]);
  const given = emojis.map((emoji) => [emoji, reactions.filter((one) => one.emoji === emoji).length]);
  expect(counted.toSorted()).toEqual(given.filter(([, count]) => count !== 0).toSorted());
  expect(counted.length).toBeGreaterThan(0);
});

describe('a pin', () => {
  test('marks the message for all members, and is listed in the conversation', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    await alice.send(conversationId, 'two');
    for (const seq of [2, 1]) {
      await bob.ok('pinMessage', { conversationId, seq, pinned: true });
      await alice.next('message:updated', (change) => change.kind === 'pin' && change.seq === seq);
    }
    const { conversation } = await alice.ok('getConversation', { conversationId });
    expect(conversation.pinnedMessages).toEqual([2, 1]);
    const { change } = await alice.ok('pinMessage', { conversationId, seq: 2, pinned: false });
    expect(change).toMatchObject({ kind: 'pin', on: false, rev: 3 });
    expect(change.message).not.toHaveProperty('pinned');
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages.map(({ seq, ...rest }) => [seq, 'pinned' in rest])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  test('is limited to 50, and the deletion of its message removes it', async () => {
    const { alice, conversationId } = await createScene(server());
    await Promise.all(Array.from({ length: 51 }, (_, index) => alice.send(conversationId, `${index}`)));
    const pin = (seq: number) => alice.call('pinMessage', { conversationId, seq, pinned: true });
    await Promise.all(Array.from({ length: 50 }, (_, index) => pin(index + 1)));
    expect(await pin(51)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await alice.ok('deleteMessage', { conversationId, seq: 7, for: 'everyone' });
    const { conversation } = await alice.ok('getConversation', { conversationId });
    expect(conversation.pinnedMessages).toHaveLength(49);
    expect(conversation.pinnedMessages).not.toContain(7);
    expect(await pin(51)).toMatchObject({ success: true });
  });
});
