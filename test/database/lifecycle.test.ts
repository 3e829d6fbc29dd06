import { connect } from 'node:net';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identify, isRunning } from '../../backend/src/database/embedded/processes.js';
import { until } from '../support/until.js';
import { DataFolder, untilGone } from './support.js';

test('what was stored is there after a restart', async () => {
  await using folder = await DataFolder.create();
  const first = await folder.open({ durable: true });
  const processes = await folder.processes();
  await (await folder.connect(first.uri)).db('a').collection('b').insertOne({ kept: true });
  await first.release();
  await untilGone(processes);

  const second = await folder.open({ durable: true });
  const found = await (await folder.connect(second.uri)).db('a').collection('b').findOne({ kept: true });
  expect(found).not.toBeNull();
  expect(second.uri, 'the same port, so that what was written down stays right').toBe(first.uri);
});

test('another process attaches to the database that runs', async () => {
  await using folder = await DataFolder.create();
  const mine = await folder.open();
  const { pid } = await folder.keeper();
  expect(await folder.hold().uri()).toBe(mine.uri);
  expect((await folder.keeper()).pid).toBe(pid);
});

test('one user going does not take the database from another', async () => {
  await using folder = await DataFolder.create();
  const mine = await folder.open();
  const holder = folder.hold();
  await holder.uri();
  await holder.release();
  const client = await folder.connect(mine.uri);
  await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
});

test('ten that open at once share one keeper', async () => {
  await using folder = await DataFolder.create();
  const here = Array.from({ length: 5 }, () => folder.open());
  const elsewhere = Array.from({ length: 5 }, () => folder.hold().uri());
  const uris = new Set([
    ...(await Promise.all(here)).map(({ uri }) => uri),
    ...(await Promise.all(elsewhere)),
  ]);
  expect(uris.size).toBe(1);
  const client = await folder.connect([...uris].join());
  await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
});

test('when the last user has left, nothing is left running', async () => {
  await using folder = await DataFolder.create();
  const database = await folder.open();
  const processes = await folder.processes();
  expect(processes.length).toBeGreaterThan(2);
  await database.release();
  await untilGone(processes);
});

test('who comes back in time finds the database still up', async () => {
  await using folder = await DataFolder.create();
  const first = await folder.open({ lingerMs: 20_000 });
  const { pid } = await folder.keeper();
  await first.release();
  const second = await folder.open();
  expect((await folder.keeper()).pid).toBe(pid);
  await second.release();
  process.kill(pid, 'SIGTERM');
});

test('a killed user counts as gone', async () => {
  await using folder = await DataFolder.create();
  const holder = folder.hold();
  await holder.uri();
  const processes = await folder.processes();
  await holder.kill();
  await untilGone(processes);
});

test('a process that has released the database ends by itself', async () => {
  await using folder = await DataFolder.create();
  const holder = folder.hold();
  await holder.uri();
  await holder.release();
});

test('who does not know the token is sent away and does not count', async () => {
  await using folder = await DataFolder.create();
  const database = await folder.open();
  const { controlPort, pid } = await folder.keeper();
  const stranger = connect({ port: controlPort, host: '127.0.0.1' });
  stranger.write('something else\n');
  stranger.resume();
  await once(stranger, 'close');
  const silent = connect({ port: controlPort, host: '127.0.0.1' });
  await once(silent, 'connect');
  await database.release();
  await until(() => !isRunning(identify(pid)), { what: 'the end of the keeper' });
  silent.destroy();
});

test('only its owner can read what the keeper says', async () => {
  await using folder = await DataFolder.create();
  await folder.open();
  const { mode } = await stat(join(folder.dataDir, 'database/keeper.json'));
  expect(mode & 0o077).toBe(0);
});

test('who needs durability does not get a database without', async () => {
  await using folder = await DataFolder.create();
  await folder.open({ durable: false });
  await expect(folder.open({ durable: true })).rejects.toThrow(/without durability/);
});
