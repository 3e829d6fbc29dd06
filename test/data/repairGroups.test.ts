import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { newDatabaseName, startServer } from '../support/server.js';

type Doc = Record<string, unknown>;

/** What the documents say, without when they were written; by name, as their ids are made anew. */
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

/** A group and a channel with a past: people came, went, and got roles; messages are read. */
async function fillWithGroups(databaseName: string): Promise<void> {
  await using server = await startServer({ databaseName });
  const [ann, bob] = [await server.connectAs('ann'), await server.connectAs('bob')];
  for (const type of ['group', 'channel'] as const) {
    const { conversation } = await ann.ok('createGroup', {
      ...{ name: `A ${type}`, type, participants: ['bob', 'carl', 'dora'] },
    });
    const conversationId = conversation._id;
    await ann.send(conversationId, 'one');
    await ann.ok('removeMember', { conversationId, userId: 'carl' });
    await ann.ok('setRole', { conversationId, userId: 'bob', role: 'admin' });
    const last = await bob.ok('sendMessage', { conversationId, content: 'two', clientMessageId: type });
    await ann.ok('message:read', { conversationId, seq: last.seq });
  }
}

test('of groups and channels who is in them, their roles and counts come from the log again; undo brings the damage back', async () => {
  await using world = await createDataWorld(newDatabaseName());
  await fillWithGroups(world.databaseName);
  // Positions of somebody whose document is lost are lost: what they had not read before they came.
  const members = world.connection.collection('members');
  await members.updateMany({ userId: 'dora' }, { $set: { lastReadN: 0 } });
  expect((await world.runHere('repair-counters', { dryRun: true })).report.details).toEqual([]);
  const sound = await said(world);

  const conversations = world.connection.collection('conversations');
  await conversations.updateMany(
    {},
    { $set: { memberCount: 99, control: 0, lastSeq: 77, messageCount: 78 }, $unset: { tail: 1, shown: 1 } },
  );
  await conversations.updateMany({ type: 'group' }, { $set: { participants: ['ann', 'carl'] } });
  await members.updateMany({ userId: 'bob' }, { $set: { role: 'member', rank: 2, lastReadSeq: 500 } });
  await members.updateMany({ userId: 'carl' }, { $unset: { leftSeq: 1 }, $set: { role: 'owner', rank: 0 } });
  await members.deleteMany({ userId: 'dora' });
  const damaged = await world.dump();

  const { code, report } = await world.runHere('repair-counters');
  expect([code, report.counts['conversationsRepaired'], report.counts['membersMade']]).toEqual([0, 2, 2]);
  expect(await said(world)).toEqual(sound);
  const again = await world.runHere('repair-counters', { dryRun: true });
  expect([again.code, again.report.details]).toEqual([0, []]);
  expect((await world.runHere('undo', { journal: report.journal })).code).toBe(0);
  expect(await world.dump()).toEqual(damaged);
});
