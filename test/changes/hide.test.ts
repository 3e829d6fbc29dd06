import { describe, expect, test } from 'vitest';
import { caughtUp } from '../contract/support/refusal.js';
import { createScene } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';

const server = sharedServer();

describe('deleting a message for oneself', () => {
  test('hides it on all devices of the user, everywhere, and for no one else', async () => {
    const { alice, tablet, bob, conversationId } = await createScene(server());
    for (const text of ['one', 'two', 'three']) await alice.send(conversationId, text);
    await alice.ok('deleteMessage', { conversationId, seq: 2, for: 'me' });
    expect(await tablet.next('conversation:settings')).toMatchObject({ conversationId, hiddenSeqs: [2] });
    for (const client of [alice, tablet]) {
      const { messages } = await client.ok('getMessages', { conversationId });
      expect(messages[1]).toEqual({ kind: 'hidden', conversationId, seq: 2 });
      expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    }
    expect(JSON.stringify(await bob.ok('getMessages', { conversationId }))).toContain('two');
    await caughtUp([bob]);
    expect(bob.pushes('conversation:settings')).toEqual([]);
    const hidden = { conversationId, seq: 2 };
    for (const [command, more] of [
      ['getEdits', {}],
      ['getReactions', {}],
      ['react', { emoji: '👍', on: true }],
      ['editMessage', { content: 'x' }],
    ] as const) {
      expect(await alice.call(command, { ...hidden, ...more })).toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  test('hides its later changes, too: the user sees only their `rev`', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'secret');
    await bob.ok('deleteMessage', { conversationId, seq: 1, for: 'me' });
    await alice.ok('editMessage', { conversationId, seq: 1, content: 'edited secret' });
    const heard = await bob.next('message:updated');
    expect(heard).toEqual({ conversationId, rev: 1, kind: 'hidden' });
    const { changes } = await bob.ok('getChanges', { conversationId, afterRev: 0 });
    expect(changes).toEqual([{ conversationId, rev: 1, kind: 'hidden' }]);
    expect(JSON.stringify([bob.pushes('message:updated'), changes])).not.toContain('edited secret');
  });

  test('takes it out of the pinned messages that the user sees', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    for (const text of ['one', 'two']) await alice.send(conversationId, text);
    for (const seq of [1, 2]) await alice.ok('pinMessage', { conversationId, seq, pinned: true });
    await bob.ok('deleteMessage', { conversationId, seq: 1, for: 'me' });
    const pinnedFor = async (client: typeof bob) =>
      (await client.ok('getConversation', { conversationId })).conversation.pinnedMessages;
    expect(await pinnedFor(bob)).toEqual([2]);
    expect(await pinnedFor(alice)).toEqual([1, 2]);
  });

  test('removes an unread message from the count, and no other', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    for (const text of ['one', 'two', 'three']) await alice.send(conversationId, text);
    const unread = async () => (await bob.ok('getConversation', { conversationId })).conversation.unreadCount;
    const seqs = [2, 2, 3];
    for (const seq of seqs) await bob.ok('deleteMessage', { conversationId, seq, for: 'me' });
    expect(await unread()).toBe(1);
    expect((await bob.ok('getConversations', {})).totalUnread).toBe(1);
    expect(await bob.ok('message:read', { conversationId, seq: 1 })).toMatchObject({ unreadCount: 0 });
    await alice.send(conversationId, 'four');
    expect(await unread()).toBe(1);
    expect(await bob.ok('message:read', { conversationId, seq: 4 })).toMatchObject({ unreadCount: 0 });
    await bob.ok('deleteMessage', { conversationId, seq: 4, for: 'me' });
    await alice.send(conversationId, 'five');
    expect(await unread()).toBe(1);
  });

  test('repeated has no effect; an unknown message is NOT_FOUND; a stranger is refused', async () => {
    const { alice, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    const wish = { conversationId, seq: 1, for: 'me' };
    for (let time = 0; time < 2; time += 1) {
      expect(await alice.ok('deleteMessage', wish)).toEqual({ conversationId, seq: 1, rev: 0 });
    }
    expect(await alice.call('deleteMessage', { ...wish, seq: 2 })).toMatchObject({ code: 'NOT_FOUND' });
    const eve = await server().connectAs(people('eve')[0]);
    expect(await eve.call('deleteMessage', wish)).toMatchObject({ code: 'NOT_PARTICIPANT' });
  });

  test('is found by the sync of an offline device', async () => {
    const { alice, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    const { cursor } = await alice.ok('sync', {});
    await alice.ok('deleteMessage', { conversationId, seq: 1, for: 'me' });
    const { settings } = await alice.ok('sync', { cursor });
    expect(settings).toMatchObject([{ conversationId, hiddenSeqs: [1] }]);
  });
});

describe('a reply', () => {
  test('shows the beginning of the message it replies to, also of one far away', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'x'.repeat(500));
    for (let n = 0; n < 10; n += 1) await bob.send(conversationId, `${n}`);
    await bob.ok('sendMessage', { conversationId, content: 'yes', clientMessageId: 'r', replyTo: 1 });
    for (const client of [alice, bob]) {
      const { messages } = await client.ok('getMessages', { conversationId, limit: 3 });
      expect(messages.at(-1)).toMatchObject({
        replyTo: 1,
        quoted: { seq: 1, kind: 'text', senderId: alice.userId, content: 'x'.repeat(200) },
      });
    }
  });

  test('is never cut inside a grapheme', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    const [family, flag] = ['👨‍👩‍👧‍👦', '🇩🇪'];
    await alice.send(conversationId, `${'x'.repeat(195)}${family}`);
    await alice.send(conversationId, `${'x'.repeat(199)}${flag}`);
    await alice.send(conversationId, flag.repeat(150));
    for (const replyTo of [1, 2, 3]) {
      await bob.ok('sendMessage', { conversationId, content: 'y', clientMessageId: `r${replyTo}`, replyTo });
    }
    const { messages } = await bob.ok('getMessages', { conversationId, limit: 3 });
    expect(messages.map((one) => (one.kind === 'hidden' ? undefined : one.quoted?.content))).toEqual([
      'x'.repeat(195),
      'x'.repeat(199),
      flag.repeat(100),
    ]);
  });

  test('shows the current state of the replied message: edited, deleted, or hidden from its reader', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    for (const text of ['one', 'two', 'three']) await alice.send(conversationId, text);
    for (const seq of [1, 2, 3]) {
      await bob.ok('sendMessage', {
        ...{ conversationId, content: 'yes', clientMessageId: `r${seq}`, replyTo: seq },
      });
    }
    await alice.ok('editMessage', { conversationId, seq: 1, content: 'ONE' });
    await alice.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
    await bob.ok('deleteMessage', { conversationId, seq: 3, for: 'me' });
    for (const page of [{ limit: 3 }, {}]) {
      const { messages } = await bob.ok('getMessages', { conversationId, ...page });
      expect(messages.slice(-3)).toMatchObject([
        { quoted: { seq: 1, kind: 'text', content: 'ONE' } },
        { quoted: { seq: 2, kind: 'deleted' } },
        { quoted: { seq: 3, kind: 'hidden' } },
      ]);
      expect(JSON.stringify(messages.slice(-3))).not.toMatch(/two|three/);
    }
  });

  test('to a missing message is refused', async () => {
    const { alice, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    const reply = { conversationId, content: 'x', clientMessageId: 'r', replyTo: 2 };
    expect(await alice.call('sendMessage', reply)).toMatchObject({ code: 'VALIDATION' });
  });
});
