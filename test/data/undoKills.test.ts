import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { build } from './support/duplicates.js';
import { Killed, killedAfter } from './support/killed.js';
import { storeMixed } from './support/mixedChat.js';
import { PEOPLE, STARTS } from './support/split.js';

const { ObjectId } = mongoose.Types;

/**
 * Creates data for every task: duplicates with wrong numbers, a mixed chat, a chat without a key, a group without
 * members.
 */
async function damage(world: DataWorld): Promise<void> {
  const one = { laterMs: 1, replies: true, edited: true, deleted: false };
  await build(world, {
    history: Array.from({ length: 12 }, (_, index) => ({ ...one, chat: index % 3, by: index % 2 })),
    ...{ damages: ['lastSeq', 'n', 'position'], cleared: 1, keyAt: 1 },
  });
  await storeMixed(world.connection, {
    participants: PEOPLE,
    lines: [
      { from: 'ann', to: 'shop' },
      { from: 'bob', to: 'shop' },
      { from: 'shop', to: 'ann' },
      { from: 'shop', to: 'bob', replyTo: 1 },
      { from: 'ann', to: 'shop' },
    ],
    fields: STARTS,
  });
  const createdAt = new Date(Date.UTC(2026, 0, 1));
  const group = new ObjectId();
  await world.connection.collection('conversations').insertMany([
    {
      type: 'direct',
      participants: ['kim', 'lee'],
      createdBy: 'kim',
      lastSeq: 0,
      messageCount: 0,
      createdAt,
    },
    { type: 'direct', participants: ['max', 'max', 'ned'], createdBy: 'max', lastSeq: 0, createdAt },
    { _id: group, type: 'group', participants: [], createdBy: 'kim', lastSeq: 0, createdAt },
  ]);
  const members = ['kim', 'lee', 'max'].map((userId) => ({ userId, role: 'member' }));
  await world.connection.collection('messages').insertOne({
    ...{ conversationId: group, seq: 1, n: 0, control: 1, controlSeq: 1, senderId: 'kim', kind: 'system' },
    ...{ clientMessageId: 'sys:created', payloadHash: '', content: '', createdAt },
    action: { type: 'created', members, history: 'all', open: false },
  });
}

const journalsOf = (world: DataWorld): string[] => {
  const folder = join(world.dataDir, 'journal');
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : [];
};

/** Runs a task that is killed before its write number `left`. A task with fewer writes completes. */
async function killAfter(
  world: DataWorld,
  { task, options, left }: { task: string; options: Record<string, unknown>; left: number },
): Promise<void> {
  const { connection, death } = killedAfter(world.connection, left);
  try {
    await Promise.race([world.runHere(task, options, connection), death]);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

/** Drops `changedAt`, because undo of a conversation sets it for `sync`. */
const withoutTime = (dump: Record<string, string[]>) =>
  Object.fromEntries(
    Object.entries(dump).map(([name, documents]) => [
      name,
      documents.map((one) => one.replace(/"changedAt":\{[^}]*\{[^}]*\}\},?/, '')),
    ]),
  );

test.each([
  'cleanup-duplicate-chats',
  'harden',
  'backfill-participants-key',
  'repair-counters',
  'split-group-conversations',
  'sync-indexes',
])(
  '%s killed and resumed is undone by one undo, which is killed itself, from any of the journals',
  async (task) => {
    for (const kills of [[0], [3], [4, 1], [5, 2], [14, 3, 7], [30, 11]]) {
      await using world = await createDataWorld();
      await damage(world);
      const before = await world.dump();
      for (const left of kills) await killAfter(world, { task, options: {}, left });
      await world.runHere(task).catch((error: unknown) => {
        // Duplicates prevent the unique index here.
        if (task !== 'sync-indexes') throw error;
      });
      const journals = journalsOf(world);
      expect(journals.length).toBeGreaterThan(0);
      const [journal] = journals.slice(kills.length % journals.length);
      for (const left of [1, 4, 9, 16]) await killAfter(world, { task: 'undo', options: { journal }, left });
      const undone = await world.runHere('undo', { journal });
      expect([
        kills,
        undone.code,
        undone.report.details.filter((one) => 'problem' in (one as object)),
      ]).toEqual([kills, 0, []]);
      const after = await world.dump();
      const same = task === 'split-group-conversations' ? withoutTime : (dump: typeof before) => dump;
      expect([kills, same(after)]).toEqual([kills, same(before)]);
      expect(await world.runHere('undo', { journal, dryRun: true })).toMatchObject({ code: 0 });
      await world.connection.dropDatabase();
    }
  },
);

test('a run that finds nothing left to do ends the killed one before it: a later run is undone alone', async () => {
  await using world = await createDataWorld();
  const insert = (a: string, b: string) =>
    world.connection.collection('conversations').insertOne({ type: 'direct', participants: [a, b] });
  await insert('ann', 'bob');
  const task = 'backfill-participants-key';
  await world.runHere(task);
  const [killed = ''] = journalsOf(world);
  // The journal of a run that was killed just before its end.
  writeFileSync(killed, readFileSync(killed, 'utf8').replace('{"kind":"end"}\n', ''));
  expect((await world.runHere(task)).report.journal).toBeUndefined();
  await insert('cem', 'dora');
  const { report } = await world.runHere(task);
  await world.runHere('undo', { journal: report.journal });
  const keys = await world.connection.collection('conversations').distinct('participantsKey');
  expect(keys).toEqual(['ann_bob']);
});

test('archiving that was killed and resumed is undone by one undo', async () => {
  await using world = await createDataWorld();
  await damage(world);
  await world.connection
    .collection('messages')
    .updateMany({}, { $set: { createdAt: new Date(Date.now() - 100 * 86_400_000) } });
  const before = await world.dump();
  const killed = await world.run(
    ['archive-messages', '--older-than-days', '30', '--yes', '--json'],
    (child) => {
      const timer = setInterval(() => {
        if (journalsOf(world).length > 0) child.kill('SIGKILL');
      }, 2);
      child.once('exit', () => clearInterval(timer));
    },
  );
  expect([0, 137]).toContain(killed.code);
  await world.run(['archive-messages', '--older-than-days', '30', '--yes']);
  // The first run may have been killed before it wrote the head: then it changed nothing, and its file is no journal.
  const journal = journalsOf(world).at(-1) ?? '';
  const undone = await world.run(['undo', journal, '--yes']);
  expect(undone.code, undone.stderr).toBe(0);
  // An archived message is restored with its fields in another order.
  const byName = (dump: Record<string, string[]>) =>
    Object.entries(dump).map(([name, documents]) => [
      name,
      documents.map((one) => Object.entries(JSON.parse(one) as object).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]);
  expect(byName(await world.dump())).toEqual(byName(before));
});

test('a journal that cannot be read is rejected with the line number, before anything is changed; an incomplete last line is ignored', async () => {
  await using world = await createDataWorld();
  await damage(world);
  const before = await world.dump();
  await world.runHere('backfill-participants-key');
  await world.runHere('repair-counters');
  const after = await world.dump();
  const [first = '', second = ''] = journalsOf(world);
  const lines = readFileSync(second, 'utf8').split('\n');
  const refusal = async (changed: readonly string[]): Promise<string> => {
    writeFileSync(second, changed.join('\n'));
    const error: unknown = await world.runHere('undo', { journal: second }).catch((one: unknown) => one);
    expect(await world.dump()).toEqual(after);
    return error instanceof Error ? error.message.replaceAll(second, 'FILE') : 'accepted';
  };
  expect(await refusal(lines.with(2, '{"kind":"fields"'))).toMatch(
    /^Line 3 of the journal FILE cannot be read \(.*\)\. Nothing was undone\.$/,
  );
  expect(await refusal(lines.with(2, '{"kind":"fields","collection":"users"}'))).toMatch(
    /^Line 3 of the journal FILE cannot be read \(fields\./,
  );
  expect(await refusal(lines.with(1, '[1]'))).toMatch(/^Line 2 of the journal FILE cannot be read/);
  expect(await refusal(lines.with(1, '{"kind":"dance"}'))).toBe(
    'Line 2 of the journal FILE holds dance, which this version cannot undo. Nothing was undone.',
  );
  expect(await refusal(['hello', ...lines.slice(1)])).toBe('FILE is not a journal of npm run data.');
  // The run was killed while it wrote its last line.
  writeFileSync(second, lines.slice(0, -2).join('\n') + '\n');
  appendFileSync(second, '{"kind":"fields","coll');
  expect((await world.runHere('undo', { journal: [first, second] })).code).toBe(0);
  expect(await world.dump()).toEqual(before);
});
