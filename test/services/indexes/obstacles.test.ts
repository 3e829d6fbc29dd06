import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { describeObstacle } from '../../../backend/src/database/indexError.js';
import { createModels } from '../../../backend/src/models/index.js';
import { indexedModels } from '../../../backend/src/database/indexes.js';
import { wantedIndexes } from '../../../backend/src/models/indexObstacles.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import { createDataWorld, type DataWorld } from '../../support/dataScript.js';
import { startServer } from '../../support/server.js';

const { ObjectId } = mongoose.Types;

const refusalOf = async (world: DataWorld): Promise<string> => {
  try {
    const server = await startServer({ databaseName: world.databaseName });
    await server[Symbol.asyncDispose]();
    return 'started';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const pair = (a: string, b: string, more: object = {}) => ({
  ...{ type: 'direct', participants: [a, b].sort(), participantsKey: participantsKey(a, b), createdBy: a },
  ...{
    lastSeq: 0,
    messageCount: 0,
    memberCount: 2,
    rev: 0,
    occasions: [],
    maybeUnread: [],
    lastSent: [0, 0],
  },
  ...{ lastMessageAt: new Date(0), createdAt: new Date(0), changedAt: new Date(0), ...more },
});
const message = (conversationId: mongoose.Types.ObjectId, more: object) => ({
  ...{ conversationId, senderId: 'a', kind: 'text', content: 'x', payloadHash: '', control: 0 },
  ...{ createdAt: new Date(0), ...more },
});

test('a server that finds duplicates does not start, and prints the number of pairs and the command to run', async () => {
  await using world = await createDataWorld();
  const conversations = world.connection.collection('conversations');
  await conversations.insertMany([
    ...[pair('a', 'b'), pair('a', 'b'), pair('b', 'a'), pair('a', 'c'), pair('a', 'c'), pair('a', 'd')],
  ]);
  expect(await refusalOf(world)).toBe(
    'The unique index conversations.participantsKey_1 cannot be created: 2 pairs have duplicates. ' +
      '`npm run data -- harden` merges them and creates the index (docs/operations/i-have-duplicates.md).',
  );
  expect((await world.runHere('harden')).code).toBe(0);
  expect(await refusalOf(world)).toBe('started');
});

test('all obstacles are listed at once: an index that is not unique, messages without a seq, repeated documents', async () => {
  await using world = await createDataWorld();
  const { connection } = world;
  const [one, two] = [new ObjectId(), new ObjectId()];
  await connection.collection('conversations').createIndex({ participantsKey: 1 }, { sparse: true }, {});
  await connection
    .collection('conversations')
    .insertMany([pair('a', 'b', { _id: one }), pair('a', 'c', { _id: two })]);
  await connection
    .collection('messages')
    .insertMany([
      ...[
        message(one, { at: 1 }),
        message(one, { at: 2 }),
        message(two, { seq: 1, n: 1, clientMessageId: 'm1' }),
      ],
      ...[message(two, { seq: 1, n: 1, clientMessageId: 'm1' })],
    ]);
  await connection.collection('members').insertMany([
    { conversationId: one, userId: 'a' },
    { conversationId: one, userId: 'a' },
  ]);
  const page = 'docs/operations/an-index-cannot-be-made.md';
  expect((await refusalOf(world)).split('\n')).toEqual([
    'The index conversations.participantsKey_1 cannot be created: participantsKey_1 exists, and it is not unique. ' +
      `\`npm run data -- harden\` recreates it (${page}).`,
    'The unique index members.conversationId_1_userId_1 cannot be created: 1 group of documents has the same values. ' +
      `\`npm run data -- sync-indexes --dry-run\` lists them, so that you can decide which one to keep (${page}).`,
    'The unique index messages.conversationId_1_seq_1 cannot be created: ' +
      '2 groups of messages have the same seq, or none. ' +
      `\`npm run data -- place-messages\` repairs them (${page}).`,
    'The unique index messages.conversationId_1_senderId_1_clientMessageId_1 cannot be created: ' +
      `2 groups of messages have the same clientMessageId, or none. \`npm run data -- place-messages\` repairs them (${page}).`,
  ]);

  const dry = await world.runHere('sync-indexes', { dryRun: true });
  expect(dry.code).toBe(1);
  expect(JSON.stringify(dry.report.details)).toContain('so that you can decide which one to keep');
  await connection.collection('members').deleteOne({ conversationId: one });
  expect((await world.runHere('place-messages')).code).toBe(0);
  expect((await world.runHere('harden')).code).toBe(0);
  expect(await refusalOf(world)).toBe('started');
});

test('sync-indexes --replace recreates an index that exists with other options, and undo restores the old one', async () => {
  await using world = await createDataWorld();
  const aliases = world.connection.collection('aliases');
  await aliases.createIndex({ conversationId: 1 }, { unique: true }, {});
  expect(await refusalOf(world)).toContain(
    'conversationId_1 exists, and it is unique and must not be, it is not sparse. ' +
      '`npm run data -- sync-indexes --replace aliases.conversationId_1` recreates it',
  );
  const wrong = await world.runHere('sync-indexes');
  expect([wrong.code, wrong.report.counts['indexesRefused']]).toEqual([1, 1]);
  const { code, report } = await world.runHere('sync-indexes', { replace: 'aliases.conversationId_1' });
  expect(code).toBe(0);
  const made = async () => (await aliases.indexes()).find(({ name }) => name === 'conversationId_1');
  expect(await made()).toMatchObject({ sparse: true });
  expect((await made())?.unique).toBeUndefined();
  expect(await refusalOf(world)).toBe('started');
  expect((await world.runHere('undo', { journal: report.journal })).code).toBe(0);
  expect(await made()).toMatchObject({ unique: true });
  await expect(world.runHere('sync-indexes', { replace: 'nothing.x_1' })).rejects.toThrow(
    'names no collection',
  );
});

test('every index of every model has a sentence with a valid command', async () => {
  await using world = await createDataWorld();
  for (const { model } of indexedModels(createModels(world.connection))) {
    for (const { name } of wantedIndexes(model)) {
      const about = { collection: model.collection.name, name };
      for (const obstacle of [
        { ...about, kind: 'differs', existing: name, difference: 'it is sparse' } as const,
        { ...about, kind: 'repeated', groups: undefined } as const,
      ]) {
        expect(describeObstacle(obstacle)).toMatch(
          /`npm run data -- [a-z-]+.*`.*\(docs\/operations\/[a-z-]+\.md\)\.$/,
        );
      }
    }
  }
});
