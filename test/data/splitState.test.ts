import { expect, test } from 'vitest';
import { createArchiveModel } from '../../backend/src/models/archiveModel.js';
import { createDataWorld } from '../support/dataScript.js';
import { startServer } from '../support/server.js';
import { storeMixed, textOf, type Line } from './support/mixedChat.js';
import { expectConsistent, PEOPLE, SPLIT, STARTS } from './support/split.js';

test.each([
  ['', false],
  [', archived ones, too', true],
])('positions, signs, replies and pins are where their messages are%s', async (_what, isArchived) => {
  await using world = await createDataWorld();
  const lines: Line[] = [
    { from: 'ann', to: 'shop' },
    { from: 'shop', to: 'ann', replyTo: 0 },
    { from: 'bob', to: 'shop' },
    { from: 'shop', to: 'bob', replyTo: 2 },
    { from: 'ann', to: 'shop', replyTo: 1 },
  ];
  const chat = await storeMixed(world.connection, {
    participants: PEOPLE,
    lines,
    fields: { ...STARTS, rev: 3, pinned: [2, 4] },
  });
  const { connection } = world;
  await connection.collection('members').insertMany([
    {
      conversationId: chat,
      userId: 'ann',
      lastReadSeq: 3,
      lastReadN: 3,
      lastDeliveredSeq: 5,
      mutedUntil: new Date(0),
    },
    {
      conversationId: chat,
      userId: 'shop',
      lastReadSeq: 5,
      lastReadN: 5,
      lastDeliveredSeq: 5,
      changedAt: new Date(),
    },
  ]);
  await connection
    .collection('hides')
    .insertOne({ conversationId: chat, userId: 'shop', seq: 3, at: new Date() });
  await connection.collection('changes').insertMany([
    {
      conversationId: chat,
      rev: 1,
      kind: 'reaction',
      seq: 1,
      by: 'bob',
      at: new Date(),
      what: { emoji: '👀', on: true },
    },
    {
      conversationId: chat,
      rev: 2,
      kind: 'reaction',
      seq: 1,
      by: 'shop',
      at: new Date(),
      what: { emoji: '👍', on: true },
    },
    {
      conversationId: chat,
      rev: 3,
      kind: 'edit',
      seq: 4,
      by: 'shop',
      at: new Date(),
      what: { content: textOf(3), was: 'x' },
    },
  ]);
  await connection.collection('reactions').insertMany([
    { conversationId: chat, seq: 1, userId: 'bob', state: { rev: 1, emojis: ['👀'] } },
    { conversationId: chat, seq: 1, userId: 'shop', state: { rev: 2, emojis: ['👍'] } },
  ]);
  const messages = connection.collection('messages');
  await messages.updateOne(
    { seq: 1 },
    {
      $set: {
        reactRev: 2,
        reactions: [
          { emoji: '👀', count: 1 },
          { emoji: '👍', count: 1 },
        ],
      },
    },
  );
  await messages.updateOne({ seq: 4 }, { $set: { editRev: 3, editedAt: new Date() } });
  if (isArchived) {
    const archive = createArchiveModel(connection);
    const old = await archive.findArchivable(new Date(), { afterId: undefined, limit: 100 });
    expect(await archive.archive(old, new Date())).toBe(lines.length);
  }

  const done = await world.run(SPLIT);
  expect(done.code, done.stdout + done.stderr).toBe(0);
  await expectConsistent(world);
  await using server = await startServer({
    databaseName: world.databaseName,
    env: { EDIT_WINDOW_MS: '0' },
  });
  const [ann, bob, shop] = await Promise.all(['ann', 'bob', 'shop'].map((name) => server.connectAs(name)));
  if (ann === undefined || bob === undefined || shop === undefined) throw new Error('nobody is there');
  const [annShop, bobShop] = [await ann.open('shop'), await bob.open('shop')];
  expect((await ann.ok('getMessages', { conversationId: annShop })).messages).toMatchObject([
    { seq: 1, content: textOf(0), reactions: [{ emoji: '👍', count: 1 }] },
    { seq: 2, content: textOf(1), replyTo: 1, pinned: true },
    { seq: 3, content: textOf(4), replyTo: 2, quoted: { content: textOf(1) } },
  ]);
  expect((await bob.ok('getMessages', { conversationId: bobShop })).messages).toMatchObject([
    { seq: 1, content: textOf(2) },
    { seq: 2, content: textOf(3), pinned: true, replyTo: 1 },
  ]);
  expect((await shop.ok('getMessages', { conversationId: bobShop })).messages[0]).toMatchObject({
    kind: 'hidden',
  });
  const list = (await ann.ok('getConversations', {})).conversations;
  expect(list).toMatchObject([{ _id: annShop, lastReadSeq: 3, unreadCount: 0, lastSeq: 3, messageCount: 3 }]);
  expect((await shop.ok('getConversations', {})).conversations).toHaveLength(2);
  expect((await bob.ok('getConversations', {})).conversations).toMatchObject([{ unreadCount: 1, rev: 1 }]);
  // The old id redirects a user to their own pair, unless they have several.
  const old = { conversationId: chat.toHexString() };
  expect(await ann.ok('getMessages', old)).toMatchObject({
    lastSeq: 3,
    messages: [{ conversationId: annShop }, {}, {}],
  });
  expect(await bob.ok('getMessages', { ...old, after: 3 })).toMatchObject({
    messages: [{ content: textOf(3) }],
  });
  expect(await shop.call('getMessages', old)).toMatchObject({ success: false, code: 'NOT_PARTICIPANT' });
  expect((await ann.ok('sync', {})).removed).toContain(old.conversationId);
  // New changes are appended to the logs.
  await shop.ok('editMessage', { conversationId: bobShop, seq: 2, content: 'better' });
  await shop.ok('react', { conversationId: annShop, seq: 1, emoji: '👍', on: false });
  expect((await ann.ok('getMessages', { conversationId: annShop })).messages[0]).toMatchObject({
    reactions: [],
  });
  expect((await bob.ok('getMessages', { conversationId: bobShop })).messages[1]).toMatchObject({
    content: 'better',
  });
  expect(await bob.send(bobShop, 'thanks')).toMatchObject({ success: true, data: { seq: 3 } });
});
