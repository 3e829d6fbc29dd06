import { describe, expect, test } from 'vitest';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { createScene, everyone } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { storedIn } from './support/stored.js';

const server = sharedServer();
const place = (conversationId: string, seq = 1) => ({ conversationId, seq });

describe('editing a message', () => {
  test('changes its text for all members, live and when it is read again', async () => {
    const { alice, tablet, bob, conversationId } = await createScene(server());
    const sent = await alice.ok('sendMessage', { conversationId, content: 'helo', clientMessageId: 'a' });
    const { change } = await alice.ok('editMessage', { ...place(conversationId), content: ' hello ' });
    expect(change).toMatchObject({ conversationId, rev: 1, kind: 'edit', seq: 1, userId: alice.userId });
    expect(change.message).toMatchObject({ _id: sent._id, content: 'hello', editedAt: change.at });
    for (const client of [tablet, bob]) {
      expect(await client.next('message:updated')).toEqual({ ...change, message: change.message });
    }
    await caughtUp([alice]);
    expect(alice.pushes('message:updated')).toEqual([]);
    for (const client of [alice, bob]) {
      const { messages } = await client.ok('getMessages', { conversationId });
      expect(messages).toMatchObject([{ content: 'hello', editedAt: change.at }]);
    }
    const { conversation } = await bob.ok('getConversation', { conversationId });
    expect(conversation).toMatchObject({ rev: 1, lastMessage: { content: 'hello' } });
  });

  test('keeps the previous texts', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'one');
    expect(await bob.ok('getEdits', place(conversationId))).toEqual({ edits: [] });
    await alice.ok('editMessage', { ...place(conversationId), content: 'two' });
    await alice.ok('editMessage', { ...place(conversationId), content: 'three' });
    const { edits } = await bob.ok('getEdits', place(conversationId));
    expect(edits.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    expect(edits.map(({ at }) => at)).toEqual(edits.map(({ at }) => at).toSorted());
  });

  test('to the same text changes nothing and notifies no one', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'same');
    const { change } = await alice.ok('editMessage', { ...place(conversationId), content: 'same' });
    expect(change).toMatchObject({ rev: 0, kind: 'edit', message: { content: 'same' } });
    expect(change.message).not.toHaveProperty('editedAt');
    await caughtUp([bob]);
    expect(bob.pushes('message:updated')).toEqual([]);
  });

  test('to an empty text is refused where the message has only text', async () => {
    const scene = await createScene(server());
    const { alice, bob, conversationId } = scene;
    await alice.send(conversationId, 'text');
    for (const content of ['', ' ', '\u200b']) {
      const refused = { code: 'VALIDATION', server: server(), listeners: everyone(scene) } as const;
      await expectRefused(() => alice.call('editMessage', { ...place(conversationId), content }), refused);
    }
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ content: 'text' }]);
  });

  test('is allowed for its sender only; a stranger learns nothing', async () => {
    const scene = await createScene(server());
    const { alice, bob, conversationId } = scene;
    await alice.send(conversationId, 'mine');
    const [other] = people('eve');
    const eve = await server().connectAs(other);
    const wish = { ...place(conversationId), content: 'yours' };
    const listeners = everyone(scene);
    const refused = { server: server(), listeners };
    await expectRefused(() => bob.call('editMessage', wish), { ...refused, code: 'FORBIDDEN' });
    await expectRefused(() => eve.call('editMessage', wish), { ...refused, code: 'NOT_PARTICIPANT' });
    await expectRefused(() => alice.call('editMessage', { ...wish, seq: 2 }), {
      ...refused,
      code: 'NOT_FOUND',
    });
    await expectRefused(() => alice.call('editMessage', { ...wish, content: 'x'.repeat(8_001) }), {
      ...refused,
      code: 'TOO_LARGE',
    });
    await expectRefused(() => alice.call('editMessage', { ...wish, content: ' ' }), {
      ...refused,
      code: 'VALIDATION',
    });
  });

  test('does not turn a repeated send into a conflict: it returns the edited message (promise 4)', async () => {
    const { alice, conversationId } = await createScene(server());
    const original = { conversationId, content: 'helo', clientMessageId: 'same' };
    const first = await alice.ok('sendMessage', original);
    await alice.ok('editMessage', { ...place(conversationId), content: 'hello' });
    const again = await alice.ok('sendMessage', original);
    expect(again).toMatchObject({ _id: first._id, seq: 1, content: 'hello', duplicate: true });
    expect(await alice.call('sendMessage', { ...original, content: 'hello' })).toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('is possible over HTTP, and is pushed to sockets', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    await alice.send(conversationId, 'helo');
    const reply = await server()
      .api(alice.userId)
      .request('PATCH', `/api/conversations/${conversationId}/messages/1`, { content: 'hello' });
    expect(reply).toMatchObject({ status: 200, body: { data: { change: { rev: 1 } } } });
    expect(await bob.next('message:updated')).toMatchObject({ message: { content: 'hello' } });
    // The caller's sockets get the push, because the answer went over HTTP.
    expect(await alice.next('message:updated')).toMatchObject({ rev: 1 });
    const page = await server()
      .api(bob.userId)
      .get(`/api/conversations/${conversationId}/changes?afterRev=0`);
    expect(page.body).toMatchObject({ data: { rev: 1, hasMore: false, changes: [{ kind: 'edit' }] } });
  });

  test('is refused after its time window', async () => {
    await using own = await startServer({ env: { EDIT_WINDOW_MS: '60000', DELETE_WINDOW_MS: '60000' } });
    const ann = await own.connectAs('ann');
    const conversationId = await ann.open('bob');
    await ann.send(conversationId, 'old');
    await ann.send(conversationId, 'new');
    const minuteAgo = new Date(Date.now() - 61_000);
    await storedIn(own, 'messages').updateOne({ seq: 1 }, { $set: { createdAt: minuteAgo } });
    const late = { conversationId, seq: 1 };
    expect(await ann.call('editMessage', { ...late, content: 'x' })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(await ann.call('deleteMessage', { ...late, for: 'everyone' })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(await ann.ok('deleteMessage', { ...late, for: 'me' })).toEqual({ ...late, rev: 0 });
    expect(await ann.ok('editMessage', { conversationId, seq: 2, content: 'x' })).toMatchObject({
      change: { rev: 1 },
    });
  });
});

test('100 concurrent edits from two devices get 100 revs, and the last one remains (gapless rev)', async () => {
  const { alice, tablet, bob, conversationId } = await createScene(server());
  await alice.send(conversationId, 'start');
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      (index % 2 === 0 ? alice : tablet).ok('editMessage', {
        ...place(conversationId),
        content: `text ${index}`,
      }),
    ),
  );
  const revs = answers.map(({ change }) => change.rev).sort((a, b) => a - b);
  expect(revs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  const { changes } = await bob.ok('getChanges', { conversationId, afterRev: 0, limit: 200 });
  const last = await storedIn(server(), 'changes').findOne({ rev: 100, by: alice.userId });
  const { messages } = await bob.ok('getMessages', { conversationId });
  const text = (last?.['what'] as { content: string }).content;
  expect(messages[0]).toMatchObject({ content: text });
  expect(changes.map(({ rev }) => rev)).toEqual(revs);
  expect(new Set(changes.map(({ message }) => message?.content))).toEqual(new Set([text]));
  await until(() => bob.pushes('message:updated').length === 100);
  expect(bob.pushes('message:updated').map(({ rev }) => rev)).toEqual(revs);
});
