import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { newDatabaseName, startServer } from '../support/server.js';

type Doc = Record<string, unknown>;

/** Returns the documents without times of writing, by name, because their ids differ between runs. */
async function said(world: DataWorld): Promise<unknown> {
  const { connection } = world;
  const conversations = await connection.collection<Doc>('conversations').find().sort({ _id: 1 }).toArray();
  const members = await connection
    .collection<Doc>('members')
    .find()
    .sort({ conversationId: 1, userId: 1 })
    .toArray();
  const order = (fields: Doc): Doc =>
    Object.fromEntries(Object.entries(fields).sort(([a], [b]) => a.localeCompare(b)));
  return {
    conversations: conversations.map(({ changedAt: _changedAt, ...fields }) => order(fields)),
    members: members.map(({ _id, changedAt: _changedAt, ...fields }) => order(fields)),
  };
}

/**
 * Creates a chat, a group and a channel with a history: members joined, left, and got roles; some messages are read.
 */
async function fill(databaseName: string): Promise<void> {
  await using server = await startServer({ databaseName });
  const [ann, bob] = [await server.connectAs('ann'), await server.connectAs('bob')];
  const direct = await ann.open('bob');
  for (const text of ['one', 'two']) await ann.send(direct, text);
  await bob.ok('message:read', { conversationId: direct, seq: 2 });
  for (const type of ['group', 'channel'] as const) {
    const { conversation } = await ann.ok('createGroup', {
      ...{ name: `A ${type}`, type, participants: ['bob', 'carl', 'dora'] },
    });
    const conversationId = conversation._id;
    await ann.send(conversationId, 'one');
    await ann.ok('removeMember', { conversationId, userId: 'carl' });
    await ann.ok('removeMember', { conversationId, userId: 'dora' });
    await ann.send(conversationId, 'while Dora is away');
    await ann.ok('addMembers', { conversationId, userIds: ['dora'] });
    await ann.ok('setRole', { conversationId, userId: 'bob', role: 'admin' });
    const last = await bob.ok('sendMessage', { conversationId, content: 'two', clientMessageId: type });
    await ann.ok('message:read', { conversationId, seq: last.seq });
  }
}

test('members, roles and counts of groups and channels are derived again from the log; undo restores the damage', async () => {
  await using world = await createDataWorld(newDatabaseName());
  await fill(world.databaseName);
  const members = world.connection.collection('members');
  // There is no damage yet: everything a server wrote follows from its logs.
  for (const name of ['repair-counters', 'add-conversation-validation', 'verify-message-user-integrity']) {
    expect([name, (await world.runHere(name, { dryRun: true })).report.details]).toEqual([name, []]);
  }
  const sound = await said(world);

  const conversations = world.connection.collection('conversations');
  await conversations.updateMany(
    {},
    { $set: { memberCount: 99, lastSeq: 77, messageCount: 78 }, $unset: { tail: 1, shown: 1 } },
  );
  await conversations.updateMany({ type: { $ne: 'direct' } }, { $set: { control: 0 } });
  await conversations.updateMany({ type: 'group' }, { $set: { participants: ['ann', 'carl'] } });
  await members.updateMany(
    { userId: 'bob', role: 'admin' },
    { $set: { role: 'member', rank: 2, lastReadSeq: 500 } },
  );
  await members.updateMany({ userId: 'carl' }, { $unset: { leftSeq: 1 }, $set: { rank: 0 } });
  await members.deleteMany({ userId: 'dora' });
  const damaged = await world.dump();

  const { code, report } = await world.runHere('repair-counters');
  expect([code, report.counts['conversationsRepaired'], report.counts['membersMade']]).toEqual([0, 3, 2]);
  expect(await said(world)).toEqual(sound);
  const again = await world.runHere('repair-counters', { dryRun: true });
  expect([again.code, again.report.details]).toEqual([0, []]);
  expect((await world.runHere('undo', { journal: report.journal })).code).toBe(0);
  expect(await world.dump()).toEqual(damaged);
});
