import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject, expect, test } from 'vitest';
import { Refused } from '../support/client.js';
import { newDatabaseName, startServer } from '../support/server.js';

const SCRIPT = fileURLToPath(new URL('../../dist/scripts/users/index.js', import.meta.url));

interface Outcome {
  code: number;
  output: string;
  stdout: string;
}

const runScript = (databaseName: string, ...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], MONGODB_URI: inject('mongoUri'), DATABASE_NAME: databaseName };
    execFile(process.execPath, [SCRIPT, ...args], { env, cwd: '/' }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
        ...{ output: stdout + stderr, stdout },
      }),
    );
  });

const codeOf = async (connecting: Promise<unknown>): Promise<unknown> => {
  try {
    await connecting;
    return 'connected';
  } catch (error) {
    return error instanceof Refused ? (error.data as { code?: unknown }).code : error;
  }
};

test('a banned user’s open sockets end on every process, no token is accepted, and after unbanning tokens are accepted (promise 6)', async () => {
  const databaseName = newDatabaseName();
  await using a = await startServer({ databaseName });
  await using b = await startServer({ databaseName });
  const [onA, onB, ann] = await Promise.all([
    a.connectAs('mallory'),
    b.connectAs('mallory'),
    a.connectAs('ann'),
  ]);
  const ended = Promise.all(
    [onA, onB].map((client) => new Promise((resolve) => client.socket.once('disconnect', resolve))),
  );
  const conversationId = await ann.open('mallory');
  expect(await runScript(databaseName, 'ban', 'mallory', '--dry-run')).toMatchObject({ code: 0 });
  expect(await codeOf(a.connectAs('mallory'))).toBe('connected');

  const banned = await runScript(databaseName, 'ban', 'mallory', '--json');
  expect(banned.code).toBe(0);
  expect(JSON.parse(banned.stdout)).toMatchObject({ action: 'ban', user: { _id: 'mallory' } });
  expect(await ended).toEqual(['io server disconnect', 'io server disconnect']);
  for (const client of [onA, onB]) {
    expect(client.pushes('auth:expired')).toMatchObject([{ code: 'FORBIDDEN', reconnect: false }]);
  }
  await ann.send(conversationId, 'nobody is there');
  for (const client of [onA, onB]) expect(client.pushes('message:new')).toEqual([]);
  for (const server of [a, b]) {
    expect(await codeOf(server.connectAs('mallory'))).toBe('FORBIDDEN');
    const later = server.token('mallory', { iat: Math.floor(Date.now() / 1_000) + 3 });
    expect(await codeOf(server.connectAs('mallory', { token: later }))).toBe('FORBIDDEN');
    expect(await server.api('mallory').get('/api/conversations')).toMatchObject({ status: 403 });
  }

  expect(await runScript(databaseName, 'unban', 'mallory')).toMatchObject({ code: 0 });
  const back = await runScript(databaseName, 'show', 'mallory');
  expect(back.output).toContain('not banned');
  await expect.poll(() => codeOf(b.connectAs('mallory')), { timeout: 5_000 }).toBe('connected');
});

test('wrong usage, unknown users and a database of another name have different exit codes', async () => {
  const databaseName = newDatabaseName();
  const missing = await runScript(databaseName, 'ban', 'nobody');
  expect(missing.code).toBe(4);
  expect(missing.output).toContain(`The database ${databaseName} at mongodb://127.0.0.1`);
  const unknown = await runScript(databaseName, 'ban', 'nobody', '--allow-empty');
  expect(unknown.code).toBe(1);
  expect(unknown.output).toMatch(
    /^Database .*: 0 conversations, 0 messages stored\.\nThere is no user nobody\.\n$/,
  );
  expect((await runScript(databaseName, 'annoy', 'nobody')).code).toBe(2);
  expect((await runScript(databaseName, 'ban')).code).toBe(2);
  expect((await runScript(databaseName, 'ban', 'x', '--nonsense')).code).toBe(2);
  expect(await runScript(databaseName, '--help')).toMatchObject({ code: 0 });
});
