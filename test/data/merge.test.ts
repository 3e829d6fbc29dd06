import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer } from '../support/server.js';
import { until } from '../support/until.js';

/** Creates a second conversation of a pair, like a client from before the key. */
async function makeDuplicate(world: DataWorld, pair: [string, string]): Promise<string> {
  const _id = new mongoose.Types.ObjectId();
  const now = new Date();
  await world.connection.collection('conversations').insertOne({
    ...{ _id, type: 'direct', participants: pair.toSorted(), createdBy: pair[0], memberCount: 2 },
    ...{ messageCount: 0, lastSeq: 0, rev: 0, lastSent: [0, 0], lastSentN: [0, 0], maybeUnread: [] },
    ...{ occasions: [], createdAt: now, lastMessageAt: now, changedAt: now },
  });
  return _id.toHexString();
}

const messagesOf = async (client: TestClient, conversationId: string) => {
  const page = await client.ok('getMessages', { conversationId, limit: 200 });
  return page.messages.flatMap((message) => (message.kind === 'hidden' ? [] : [message]));
};

test('messages, replies, reactions, edits, positions and settings of duplicates are merged into one conversation; old ids and seqs redirect', async () => {
  await using server = await startServer({ databaseName: newDatabaseName() });
  await using world = await createDataWorld(server.databaseName);
  const [ann, bob] = await Promise.all([server.connectAs('ann'), server.connectAs('bob')]);
  const a = await ann.open('bob');
  const b = await makeDuplicate(world, ['ann', 'bob']);
  const send = async (client: TestClient, conversationId: string, [content, replyTo]: [string, number?]) =>
    client.ok('sendMessage', {
      ...{ conversationId, content, clientMessageId: crypto.randomUUID() },
      ...(replyTo !== undefined && { replyTo }),
    });
  const a1 = await send(ann, a, ['a1']);
  const b1 = await send(bob, b, ['b1']);
  const a2 = await send(bob, a, ['a2', a1.seq]);
  const b2 = await send(ann, b, ['b2']);
  const a3 = await send(ann, a, ['a3 secret']);
  await bob.ok('message:read', { conversationId: a, seq: a2.seq });
  await bob.ok('react', { conversationId: b, seq: b2.seq, emoji: '👍', on: true });
  await ann.ok('editMessage', { conversationId: b, seq: b2.seq, content: 'b2 edited' });
  await ann.ok('pinMessage', { conversationId: a, seq: a1.seq, pinned: true });
  await ann.ok('updateSettings', {
    conversationId: b,
    mutedUntil: new Date(Date.now() + 1e7).toISOString(),
  });

  const done = await world.runHere('cleanup-duplicate-chats');
  expect(done).toMatchObject({
    code: 0,
    report: { counts: { pairs: 1, conversationsMerged: 2, messagesMoved: 5 } },
  });
  const { conversation, created } = await ann.ok('getOrCreateDirect', { otherUserId: 'bob' });
  const c = conversation._id;
  expect([created, [a, b].includes(c)]).toEqual([false, false]);
  expect(conversation).toMatchObject({
    lastSeq: 5,
    messageCount: 5,
    mutedUntil: expect.any(String) as string,
  });
  for (const id of [a, b, c]) {
    const messages = await messagesOf(bob, id);
    expect(messages.map(({ content }) => content)).toEqual(['a1', 'b1', 'a2', 'b2 edited', 'a3 secret']);
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(messages.map((one) => one.conversationId)).toEqual(Array(5).fill(c));
    expect(messages[2]).toMatchObject({ replyTo: 1 });
    expect(messages[3]).toMatchObject({ reactions: [{ emoji: '👍', count: 1, own: true }] });
  }
  expect(await bob.ok('getConversations', {})).toMatchObject({ conversations: [{ _id: c, lastReadSeq: 3 }] });
  // Old seqs redirect; a retry returns the stored message, and a deleted text is gone.
  await ann.ok('deleteMessage', { conversationId: a, seq: a3.seq, for: 'everyone' });
  expect(await world.dump()).not.toEqual(expect.stringContaining('a3 secret'));
  expect(JSON.stringify(await world.dump())).not.toContain('a3 secret');
  const retry = await ann.ok('sendMessage', {
    conversationId: a,
    content: 'a1',
    clientMessageId: a1.clientMessageId,
  });
  expect(retry).toMatchObject({ duplicate: true, conversationId: c, seq: 1 });
  const retriedReply = {
    conversationId: a,
    content: 'a2',
    clientMessageId: a2.clientMessageId,
    replyTo: a1.seq,
  };
  expect(await bob.ok('sendMessage', retriedReply)).toMatchObject({ duplicate: true, seq: 3 });
  expect(await send(bob, b, ['on', b1.seq])).toMatchObject({ conversationId: c, seq: 6, replyTo: 2 });
  expect((await server.api('bob').get(`/api/conversations/${b}`)).body).toMatchObject({
    data: { conversation: { _id: c } },
  });
  const stranger = await server.connectAs('eve');
  expect(await stranger.call('getMessages', { conversationId: a })).toMatchObject({
    code: 'NOT_PARTICIPANT',
  });
  expect(bob.pushes('conversation:removed')).toContainEqual({ conversationId: a, reason: 'merged' });
  const synced = await bob.ok('sync', {});
  expect(synced.removed.toSorted()).toEqual([a, b].toSorted());
  expect(synced.conversations.map(({ _id }) => _id)).toEqual([c]);
  expect((await world.runHere('cleanup-duplicate-chats', { dryRun: true })).code).toBe(0);
});

test('two users keep writing to both duplicates during the merge: nothing is lost or stored twice (promises 3, 4, 9)', async () => {
  const databaseName = newDatabaseName();
  await using one = await startServer({ databaseName });
  await using two = await startServer({ databaseName });
  await using world = await createDataWorld(databaseName);
  const [ann, bob] = await Promise.all([one.connectAs('ann'), two.connectAs('bob')]);
  const a = await ann.open('bob');
  const b = await makeDuplicate(world, ['ann', 'bob']);
  const acknowledged = new Map<string, string>();
  let isOver = false;
  const write = async (client: TestClient, name: string): Promise<void> => {
    for (let count = 0; !isOver; count += 1) {
      const content = `${name} ${count}`;
      const answer = await client.send(count % 2 === 0 ? a : b, content, crypto.randomUUID());
      expect(answer).toMatchObject({ success: true });
      if (answer.success) acknowledged.set(answer.data.clientMessageId, content);
    }
  };
  const writing = Promise.all([write(ann, 'ann'), write(bob, 'bob'), write(ann, 'ann too')]);
  await until(() => acknowledged.size > 100, { what: 'messages' });
  const merged = await world.run(['cleanup-duplicate-chats', '--yes']);
  expect(merged).toMatchObject({ code: 0 });
  const sizeAtEnd = acknowledged.size;
  await until(() => acknowledged.size > sizeAtEnd + 50, { what: 'messages after the merge' });
  isOver = true;
  await writing;
  const c = (await bob.ok('getOrCreateDirect', { otherUserId: 'ann' })).conversation._id;
  const stored = await world.connection
    .collection('messages')
    .find({ conversationId: new mongoose.Types.ObjectId(c) })
    .sort({ seq: 1 })
    .toArray();
  expect(stored.map(({ seq }) => seq as number)).toEqual(stored.map((_, index) => index + 1));
  expect(stored.map(({ n }) => n as number)).toEqual(stored.map((_, index) => index + 1));
  const names = stored.map(({ clientMessageId }) => clientMessageId as string);
  expect(new Set(names).size).toBe(names.length);
  expect(names.toSorted()).toEqual([...acknowledged.keys()].sort());
  expect((await world.run(['check-duplicates'])).code).toBe(0);
});
