import mongoose from 'mongoose';
import { describe, expect, test } from 'vitest';
import { createScene } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { until } from '../support/until.js';
import { storedIn } from './support/stored.js';

const server = sharedServer();

describe('a client that was offline', () => {
  test('receives changes of messages of any age: sync names the conversation, its changes are read by rev', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    for (let n = 1; n <= 130; n += 1) await alice.send(conversationId, `text ${n}`);
    const round = await until(async () => {
      const answer = await bob.ok('sync', {});
      return answer.conversations[0]?.lastSeq === 130 ? answer : undefined;
    });
    const known = round.conversations[0]?.rev ?? 0;
    bob.close();
    await alice.ok('editMessage', { conversationId, seq: 1, content: 'the very first' });
    await alice.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
    await alice.ok('react', { conversationId, seq: 3, emoji: '👍', on: true });
    const back = await server().connectAs(bob.userId);
    const { conversations } = await back.ok('sync', { cursor: round.cursor });
    expect(conversations).toMatchObject([{ _id: conversationId, rev: known + 3, lastSeq: 130 }]);
    const page = await back.ok('getChanges', { conversationId, afterRev: known });
    expect(page).toMatchObject({ rev: known + 3, hasMore: false });
    expect(page.changes).toMatchObject([
      { kind: 'edit', seq: 1, message: { content: 'the very first' } },
      { kind: 'delete', seq: 2, message: { content: '' } },
      { kind: 'reaction', seq: 3, emoji: '👍', on: true, message: { reactions: [{ count: 1, own: false }] } },
    ]);
  });

  test('reads changes in pages, and must reload when its rev is beyond the tail', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    for (let n = 0; n < 7; n += 1) {
      await alice.ok('editMessage', { conversationId, seq: 1, content: `text ${n}` });
    }
    const revs: number[] = [];
    for (let hasMore = true; hasMore;) {
      const page = await bob.ok('getChanges', { conversationId, afterRev: revs.at(-1) ?? 0, limit: 3 });
      revs.push(...page.changes.map(({ rev }) => rev));
      ({ hasMore } = page);
      expect(page.rev).toBe(7);
    }
    expect(revs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const end = await bob.ok('getChanges', { conversationId, afterRev: 7 });
    expect(end).toEqual({ changes: [], rev: 7, hasMore: false });
    expect(await bob.ok('getChanges', { conversationId, afterRev: 8 })).toMatchObject({ reload: true });
    const eve = await server().connectAs(people('eve')[0]);
    expect(await eve.call('getChanges', { conversationId, afterRev: 0 })).toMatchObject({
      code: 'NOT_PARTICIPANT',
    });
  });
});

describe('a change that a process stored but did not apply', () => {
  /** Stores changes like a process that dies right after its insert. */
  async function leave(conversationId: string, ...left: object[]) {
    const conversation = await storedIn(server(), 'conversations').findOne({
      _id: mongoose.Types.ObjectId.createFromHexString(conversationId),
    });
    const from = Number(conversation?.['rev'] ?? 0);
    const documents = left.map((one, index) => ({
      ...{ conversationId: conversation?._id, rev: from + index + 1, at: new Date() },
      ...one,
    }));
    await storedIn(server(), 'changes').insertMany(documents);
  }

  test('is applied before a member reads changes', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    const by = alice.userId;
    await leave(
      conversationId,
      { kind: 'edit', seq: 1, by, what: { content: 'two', was: 'one' } },
      { kind: 'reaction', seq: 1, by, what: { emoji: '👍', on: true } },
      { kind: 'pin', seq: 1, by, what: { on: true } },
    );
    const { changes } = await bob.ok('getChanges', { conversationId, afterRev: 0 });
    const message = { content: 'two', pinned: true, reactions: [{ emoji: '👍', count: 1, own: false }] };
    expect(changes).toMatchObject([{ message }, { message }, { message }]);
    const { conversation } = await bob.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ rev: 3, pinnedMessages: [1] });
  });

  test('is applied together with the next change', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    await leave(
      conversationId,
      { kind: 'reaction', seq: 1, by: bob.userId, what: { emoji: '👍', on: true } },
      { kind: 'edit', seq: 1, by: alice.userId, what: { content: 'two', was: 'one' } },
    );
    const wish = { conversationId, seq: 1, emoji: '👍', on: true };
    expect(await bob.ok('react', wish)).toMatchObject({ change: { rev: 2 } });
    const { change } = await alice.ok('react', wish);
    expect(change).toMatchObject({ rev: 3, message: { content: 'two', reactions: [{ count: 2 }] } });
  });

  test('a deletion makes a later edit impossible, even though its text is still stored', async () => {
    const { alice, conversationId } = await createScene(server());
    await alice.send(conversationId, 'left secret');
    await leave(conversationId, { kind: 'delete', seq: 1, by: alice.userId, what: {} });
    expect(await alice.call('editMessage', { conversationId, seq: 1, content: 'x' })).toMatchObject({
      code: 'NOT_FOUND',
    });
    const { messages } = await alice.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ content: '' }]);
  });
});
