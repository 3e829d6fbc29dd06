import { connect } from 'node:net';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identify, isRunning } from '../../tools/embedded-database/processes.js';
import { until } from '../support/until.js';
import { DataFolder, untilGone } from './support.js';

test('stored documents are still there after a restart', async () => {
  await using folder = await DataFolder.create();
  const first = await folder.open({ durable: true });
  const processes = await folder.processes();
  await (await folder.connect(first.uri)).db('a').collection('b').insertOne({ kept: true });
  await first.release();
  await untilGone(processes);

  const second = await folder.open({ durable: true });
  const found = await (await folder.connect(second.uri)).db('a').collection('b').findOne({ kept: true });
  expect(found).not.toBeNull();
  expect(second.uri, 'the same port, so that addresses stay valid').toBe(first.uri);
});

test('another process attaches to the running database', async () => {
  await using folder = await DataFolder.create();
  const mine = await folder.open();
  const { pid } = await folder.supervisor();
  expect(await folder.openElsewhere().uri()).toBe(mine.uri);
  expect((await folder.supervisor()).pid).toBe(pid);
});

test('a user that leaves does not take the database from another user', async () => {
  await using folder = await DataFolder.create();
  const mine = await folder.open();
  const other = folder.openElsewhere();
  await other.uri();
  await other.release();
  const client = await folder.connect(mine.uri);
  await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
});

test('ten users that open the folder at once share one supervisor', async () => {
  await using folder = await DataFolder.create();
  const inThisProcess = Array.from({ length: 5 }, () => folder.open());
  const inOthers = Array.from({ length: 5 }, () => folder.openElsewhere().uri());
  const uris = new Set([
    ...(await Promise.all(inThisProcess)).map(({ uri }) => uri),
    ...(await Promise.all(inOthers)),
  ]);
  expect(uris.size).toBe(1);
  const client = await folder.connect([...uris].join());
  await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
});

test('no process is left after the last user has left', async () => {
  await using folder = await DataFolder.create();
  const database = await folder.open();
  const processes = await folder.processes();
  expect(processes.length).toBeGreaterThan(2);
  await database.release();
  await untilGone(processes);
});

test('a user that comes back within the linger time finds the database still running', async () => {
  await using folder = await DataFolder.create();
  const first = await folder.open({ lingerMs: 20_000 });
  const { pid } = await folder.supervisor();
  await first.release();
  const second = await folder.open();
  expect((await folder.supervisor()).pid).toBe(pid);
  await second.release();
  process.kill(pid, 'SIGTERM');
});

test('the database stops after its last user was killed', async () => {
  await using folder = await DataFolder.create();
  const other = folder.openElsewhere();
  await other.uri();
  const processes = await folder.processes();
  await other.kill();
  await untilGone(processes);
});

test('a process that has released the database ends by itself', async () => {
  await using folder = await DataFolder.create();
  const other = folder.openElsewhere();
  await other.uri();
  await other.release();
});

test('a connection without the token is closed and does not keep the database running', async () => {
  await using folder = await DataFolder.create();
  const database = await folder.open();
  const { controlPort, pid } = await folder.supervisor();
  const stranger = connect({ port: controlPort, host: '127.0.0.1' });
  stranger.write('something else\n');
  stranger.resume();
  await once(stranger, 'close');
  const silent = connect({ port: controlPort, host: '127.0.0.1' });
  await once(silent, 'connect');
  await database.release();
  await until(() => !isRunning(identify(pid)), { what: 'the end of the supervisor' });
  silent.destroy();
});

test('only its owner can read the supervisor’s file', async () => {
  await using folder = await DataFolder.create();
  await folder.open();
  const { mode } = await stat(join(folder.dataDir, 'database/keeper.json'));
  expect(mode & 0o077).toBe(0);
});

test('a user that needs durability is refused a database without it', async () => {
  await using folder = await DataFolder.create();
  await folder.open({ durable: false });
  await expect(folder.open({ durable: true })).rejects.toThrow(/without durability/);
});
