import { describe, expect, test } from 'vitest';

import { rawCollection } from '../contract/support/database.js';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { createScene, everyone, storedMessages } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { startServer } from '../support/server.js';

const server = sharedServer();

describe('a repeated send', () => {
  const again = { content: 'hello', clientMessageId: 'same' };

  test('returns the stored message, and stores nothing (promise 4)', async () => {
    const all = await createScene(server());
    const { alice, tablet, conversationId } = all;
    const first = await alice.ok('sendMessage', { conversationId, ...again });
    const second = await alice.ok('sendMessage', { conversationId, ...again });
    const fromTablet = await tablet.ok('sendMessage', { conversationId, ...again, content: ' hello\n' });
    expect(second).toEqual({ ...first, duplicate: true });
    expect(fromTablet).toEqual({ ...first, duplicate: true });
    expect(await storedMessages(all)).toHaveLength(1);
    expect(await server().metric('parley_commit_repeated_sends_total')).toBeGreaterThan(0);
  });

  test('is not announced again by the process that announced it', async () => {
    const all = await createScene(server());
    const { alice, bob, conversationId } = all;
    for (let count = 1; count <= 5; count += 1) {
      await alice.ok('sendMessage', { conversationId, ...again });
    }
    await caughtUp(everyone(all));
    expect(bob.pushes('message:new')).toHaveLength(1);
    expect(alice.heard).toEqual([]);
  });

  test('is announced once by a process that has not announced it: the other one may have died before it could', async () => {
    const all = await createScene(server());
    const { alice, bob, conversationId } = all;
    await alice.ok('sendMessage', { conversationId, ...again });
    await using second = await startServer({ databaseName: server().databaseName });
    const [aliceThere, bobThere] = [await second.connectAs(alice.userId), await second.connectAs(bob.userId)];
    for (let count = 1; count <= 3; count += 1) {
      expect((await aliceThere.ok('sendMessage', { conversationId, ...again })).duplicate).toBe(true);
    }
    await caughtUp([aliceThere, bobThere]);
    expect(bobThere.pushes('message:new')).toEqual([await bob.next('message:new')]);
    expect(aliceThere.heard).toEqual([]);
  });

  test('20 times at once, from two devices, is stored once and answered 20 times (promise 4)', async () => {
    const all = await createScene(server());
    const { alice, tablet, conversationId } = all;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? alice : tablet).ok('sendMessage', { conversationId, ...again }),
      ),
    );
    expect(new Set(answers.map(({ _id, seq }) => `${_id} ${seq}`)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await storedMessages(all)).toHaveLength(1);
    expect(await alice.send(conversationId, 'next')).toMatchObject({ data: { seq: 2 } });
  });

  test('among other concurrent sends leaves no gap (promises 3, 4)', async () => {
    const all = await createScene(server());
    const { alice, conversationId } = all;
    await alice.ok('sendMessage', { conversationId, ...again });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        alice.ok('sendMessage', {
          conversationId,
          ...(index % 4 === 0
            ? again
            : { content: `${index}`, clientMessageId: `o-${Math.floor(index / 2)}x${index % 4}` }),
        }),
      ),
    );
    const seqs = [...new Set(answers.map(({ seq }) => seq))].sort((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
    expect((await storedMessages(all)).map(({ seq }) => seq)).toEqual(seqs);
  });

  test('with other content is CONFLICT, and stores nothing (promise 4)', async () => {
    const all = await createScene(server());
    const { alice, conversationId } = all;
    await alice.ok('sendMessage', { conversationId, ...again });
    await alice.send(conversationId, 'two');
    for (const changed of [{ content: 'other' }, { replyTo: 1 }]) {
      const answer = await expectRefused(
        () => alice.call('sendMessage', { conversationId, ...again, ...changed }),
        { code: 'CONFLICT', server: server(), listeners: everyone(all) },
      );
      expect(answer).toMatchObject({ clientMessageId: 'same' });
    }
  });

  test('with other content concurrently: one of them is stored, the others are CONFLICT (promise 4)', async () => {
    const all = await createScene(server());
    const { alice, tablet, conversationId } = all;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? alice : tablet).call('sendMessage', {
          conversationId,
          ...again,
          content: `text ${index}`,
        }),
      ),
    );
    const won = answers.flatMap((answer) => (answer.success ? [answer.data.content] : []));
    expect(won).toHaveLength(1);
    expect(answers.filter((answer) => !answer.success && answer.code === 'CONFLICT')).toHaveLength(9);
    expect((await storedMessages(all)).map(({ content }) => content)).toEqual(won);
  });

  test('after an edit returns the message as it is now, not a conflict (promise 4)', async () => {
    const all = await createScene(server());
    const { alice, conversationId } = all;
    const first = await alice.ok('sendMessage', { conversationId, ...again });
    const editedAt = new Date();
    await rawCollection(server(), 'messages').updateOne(
      { clientMessageId: 'same', senderId: alice.userId },
      { $set: { content: 'hello, edited', editedAt } },
    );
    expect(await alice.ok('sendMessage', { conversationId, ...again })).toEqual({
      ...first,
      content: 'hello, edited',
      editedAt: editedAt.toISOString(),
      updatedAt: editedAt.toISOString(),
      duplicate: true,
    });
    // The edited text was never sent with this id.
    const asEdited = { conversationId, ...again, content: 'hello, edited' };
    expect(await alice.call('sendMessage', asEdited)).toMatchObject({ code: 'CONFLICT' });
  });

  test('shows the current position of the other user', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.ok('sendMessage', { conversationId, ...again });
    await bob.ok('message:read', { conversationId, seq: 1 });
    expect(await alice.ok('sendMessage', { conversationId, ...again })).toMatchObject({ status: 'read' });
  });

  test('is a new message in another conversation and from another sender (promise 4)', async () => {
    const all = await createScene(server());
    const { alice, bob, conversationId } = all;
    const [carol] = people('carol');
    const elsewhere = await alice.open(carol);
    const answers = [
      await alice.ok('sendMessage', { conversationId, ...again }),
      await bob.ok('sendMessage', { conversationId, ...again }),
      await alice.ok('sendMessage', { conversationId: elsewhere, ...again }),
    ];
    expect(answers.map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
    expect(new Set(answers.map(({ _id }) => _id)).size).toBe(3);
  });
});
