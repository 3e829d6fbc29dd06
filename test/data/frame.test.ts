import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';

const conversation = (participants: string[], more: object = {}) => ({
  _id: new mongoose.Types.ObjectId(),
  type: 'direct',
  participants,
  createdBy: participants[0],
  lastSeq: 0,
  ...more,
});

const insert = (world: DataWorld, documents: object[]) =>
  world.connection.collection('conversations').insertMany(documents);

const journals = (world: DataWorld) => {
  const folder = join(world.dataDir, 'journal');
  return readdirSync(folder).map((name) => join(folder, name));
};

test('a dry run shows every change and makes none; the work makes them; a second run finds nothing (promise 9)', async () => {
  await using world = await createDataWorld();
  await insert(world, [
    conversation(['ann', 'bob']),
    conversation(['b_c', 'a']),
    conversation(['x', 'y', 'z']),
  ]);
  const before = await world.dump();
  const dry = await world.run(['backfill-participants-key', '--dry-run']);
  expect(dry.code).toBe(1);
  expect(dry.stdout).toContain('participantsKey ann_bob');
  expect(dry.stdout).toContain('participantsKey a_b%5Fc');
  expect(await world.dump()).toEqual(before);
  const done = await world.run(['backfill-participants-key', '--yes', '--json']);
  expect(done.code).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({ status: 'ok', counts: { keysSet: 2 }, problems: 0 });
  const again = await world.run(['backfill-participants-key', '--dry-run']);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('nothing to do');
});

test('without a terminal and without --yes it asks nothing, and opens and changes nothing', async () => {
  await using world = await createDataWorld();
  await insert(world, [conversation(['ann', 'bob'])]);
  const before = await world.dump();
  const refused = await world.run(['backfill-participants-key']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('add --yes');
  expect(await world.dump()).toEqual(before);
});

test('wrong options and unknown tasks are refused with a sentence and exit code 2', async () => {
  await using world = await createDataWorld();
  for (const args of [
    ['nonsense'],
    ['check-duplicates', '--nonsense'],
    ['undo'],
    ['undo', 'no/such/file', '--yes'],
  ]) {
    const refused = await world.run(args);
    expect([refused.code, refused.stderr.length > 10, refused.stderr.includes('    at ')]).toEqual([
      2,
      true,
      false,
    ]);
  }
});

test('undo restores every byte; if the data was changed since, it refuses and restores nothing', async () => {
  await using world = await createDataWorld();
  await insert(world, [
    conversation(['ann', 'bob'], { participantsKey: 'wrong', name: 'n' }),
    conversation(['c', 'd']),
  ]);
  const before = await world.dump();
  expect(await world.run(['backfill-participants-key', '--yes'])).toMatchObject({ code: 0 });
  const [journal = ''] = journals(world);
  expect(readFileSync(journal, 'utf8').split('\n')).toHaveLength(5);
  // A change of another field is no obstacle; a change of the same field is one.
  const collection = world.connection.collection('conversations');
  await collection.updateOne({ participantsKey: 'c_d' }, { $set: { participantsKey: 'somebody' } });
  const after = await world.dump();
  const refused = await world.run(['undo', journal, '--yes']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('has been changed since');
  expect(await world.dump()).toEqual(after);
  await collection.updateOne({ participantsKey: 'somebody' }, { $set: { participantsKey: 'c_d' } });
  expect(await world.run(['undo', journal, '--yes'])).toMatchObject({ code: 0, stderr: '' });
  expect(await world.dump()).toEqual(before);
  expect((await world.run(['undo', journal, '--dry-run'])).code).toBe(0);
});

test('SIGINT completes the current step and asks to run again; the next run completes the task', async () => {
  await using world = await createDataWorld();
  await insert(
    world,
    Array.from({ length: 3_000 }, (_, index) => conversation([`u${index}`, `v${index}`])),
  );
  const keyed = () =>
    world.connection.collection('conversations').countDocuments({ participantsKey: { $exists: true } });
  const stopped = await world.run(['backfill-participants-key', '--yes', '--json'], (child) => {
    void (async () => {
      while ((await keyed()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill('SIGINT');
    })();
  });
  expect(stopped.code).toBe(3);
  const report = JSON.parse(stopped.stdout) as { counts: { keysSet: number }; status: string };
  expect(report.status).toBe('stopped');
  expect(await keyed()).toBe(report.counts.keysSet);
  expect(await world.run(['backfill-participants-key', '--yes'])).toMatchObject({ code: 0 });
  expect(await keyed()).toBe(3_000);
});
