import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { DataFolder, untilGone } from '../database/support.js';
import { newDatabaseName } from '../support/server.js';
import { until } from '../support/until.js';
import { isFree, ProgramRun } from './support/npmRun.js';

vi.setConfig({ testTimeout: 240_000 });

const LISTENS = /listens on http:\/\/localhost:(\d+)/;

test('SIGTERM to npm ends the server of npm start gracefully, with its database', async () => {
  await using folder = await DataFolder.create();
  await using npm = new ProgramRun(['npm', 'start'], { PORT: '0', DATA_DIR: folder.dataDir });
  const port = Number(await npm.printed(LISTENS));
  const database = await folder.processes();
  expect(database.length).toBeGreaterThan(0);
  expect(await isFree(port)).toBe(false);

  npm.signal('SIGTERM');
  await npm.over();
  expect(npm.output).toContain('shut down');
  expect(await isFree(port)).toBe(true);
  await untilGone(database);
});

/** Opens a chat of two demo users over HTTP. @returns the status; undefined when the server does not answer. */
async function openChat(port: number, token: string): Promise<number | undefined> {
  const url = `http://127.0.0.1:${port}/api/chats/create-or-get`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ otherUserId: 'bob' });
  return fetch(url, { method: 'POST', headers, body }).then(
    ({ status }) => status,
    () => undefined,
  );
}

const demo = z.object({ data: z.object({ users: z.array(z.object({ token: z.string() })) }) });

test.each(['1', '2'])(
  'with nothing configured and WORKERS=%s, a killed supervisor of the database is replaced while the server runs',
  async (WORKERS) => {
    await using folder = await DataFolder.create();
    await using npm = new ProgramRun(['npm', 'start'], { PORT: '0', DATA_DIR: folder.dataDir, WORKERS });
    const port = Number(await npm.printed(LISTENS));
    const answer = await (await fetch(`http://127.0.0.1:${port}/api/demo`)).json();
    const token = demo.parse(answer).data.users[0]?.token ?? '';
    expect(await openChat(port, token)).toBe(201);
    const { pid, uri } = await folder.supervisor();
    process.kill(pid, 'SIGKILL');
    await until(async () => (await folder.supervisor()).pid !== pid, {
      timeoutMs: 30_000,
      what: 'another supervisor',
    });
    expect((await folder.supervisor()).uri).toBe(uri);
    await npm.printed(/the embedded database is back/);
    await until(async () => (await openChat(port, token)) === 200, {
      timeoutMs: 30_000,
      what: 'the chat that was stored before',
    });
    npm.signal('SIGTERM');
    await npm.over();
    expect(npm.output.match(/shut down/g)).toHaveLength(Number(WORKERS));
  },
);

test.each(['1', '2'])(
  'without npm and MONGODB_URI the server ends with a sentence (WORKERS=%s)',
  async (WORKERS) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-npm-'));
    const env = { PORT: '0', DATA_DIR: dataDir, WORKERS };
    await using node = new ProgramRun(['node', 'dist/backend/src/index.js'], env);
    await node.over();
    expect(node.output).toBe(
      'Parley cannot start. MONGODB_URI is not set: set it to a MongoDB, or use `npm start`, which brings an embedded database.\n',
    );
    expect(await readdir(dataDir)).toEqual([]);
    await rm(dataDir, { recursive: true });
  },
);

test('npm start reports a wrong value before it opens a database', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-npm-'));
  await using npm = new ProgramRun(['npm', 'start'], { PORT: 'http', DATA_DIR: dataDir });
  await npm.over();
  expect(npm.output).toMatch(/Parley cannot start\. PORT: .*\.\n/);
  expect(await readdir(dataDir)).toEqual([]);
  await rm(dataDir, { recursive: true });
});

test('the death of npm ends all workers of npm start in good order', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-npm-'));
  await using npm = new ProgramRun(['npm', 'start'], {
    PORT: '0',
    DATA_DIR: dataDir,
    MONGODB_URI: inject('mongoUri'),
    DATABASE_NAME: newDatabaseName(),
    WORKERS: '2',
  });
  const port = Number(await npm.printed(LISTENS));
  npm.signal('SIGKILL');
  await npm.over();
  expect(npm.output.match(/shut down/g)).toHaveLength(2);
  expect(await isFree(port)).toBe(true);
  await rm(dataDir, { recursive: true });
});

test('a server started without npm outlives its parent', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-npm-'));
  await using shell = new ProgramRun(['sh', '-c', 'node scripts/start.mjs & exit'], {
    PORT: '0',
    DATA_DIR: dataDir,
    MONGODB_URI: inject('mongoUri'),
    DATABASE_NAME: newDatabaseName(),
  });
  const port = Number(await shell.printed(LISTENS));
  const response = await fetch(`http://127.0.0.1:${port}/health/live`);
  expect(response.status).toBe(200);
  await rm(dataDir, { recursive: true });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a program that a script runs, with its children',
  async (signal) => {
    const program = 'sleep 600 & echo started; sleep 600';
    const script = `const { run } = await import('./scripts/lib/run.mjs');
      await run('sh', ['-c', ${JSON.stringify(program)}], { show: true });`;
    await using node = new ProgramRun(['node', '--input-type=module', '-e', script], {});
    await node.printed(/started/);
    node.signal(signal);
    await node.over();
  },
);
