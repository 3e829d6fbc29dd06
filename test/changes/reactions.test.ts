import { describe, expect, test } from 'vitest';
import { caughtUp } from '../contract/support/refusal.js';
import { createScene } from '../contract/support/scene.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import { storedIn } from './support/stored.js';

const server = sharedServer();

describe('a reaction', () => {
  test('is counted, and everybody sees which are their own', async () => {
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

  test('is there once per emoji and user, however often it is put on', async () => {
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

  test('is one of at most 5 of a user and 20 on a message', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'hello');
    const react = (client: typeof alice, emoji: string, on = true) =>
      client.call('react', { conversationId, seq: 1, emoji, on });
    for (const emoji of ['a', 'b', 'c', 'd', 'e'])
      expect(await react(bob, emoji)).toMatchObject({ success: true });
    expect(await react(bob, 'f')).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await react(bob, 'a', false)).toMatchObject({ success: true });
    expect(await react(bob, 'f')).toMatchObject({ success: true });
    const full = Array.from({ length: 20 }, (_, index) => ({ emoji: `e${index}`, count: 1 }));
    const id = storedIn(server(), 'messages');
    await id.updateOne({ senderId: alice.userId, seq: 1 }, { $set: { reactions: full } });
    expect(await react(alice, 'x')).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await react(alice, 'e3')).toMatchObject({ success: true });
  });
});

test('300 reactions of two people at once, on and off, leave counts that are exactly those who have them', async () => {
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
  test('is of the message for everybody, and in the conversation', async () => {
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

  test('is one of at most 50, and the deletion of its message takes it away', async () => {
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
