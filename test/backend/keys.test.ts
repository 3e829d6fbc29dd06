import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { readTask } from '../../scripts/keys/task.js';
import { Backend, backendOf } from './support/backend.js';

const SCRIPT = fileURLToPath(new URL('../../dist/scripts/keys/index.js', import.meta.url));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const runScript = (databaseName: string, ...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], MONGODB_URI: inject('mongoUri'), DATABASE_NAME: databaseName };
    execFile(process.execPath, [SCRIPT, ...args], { env, cwd: '/' }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
        stdout,
        stderr,
      }),
    );
  });

interface Printed {
  secret: string;
  key: { _id: string; name: string; scopes: string[] };
  replaced?: { _id: string; expiresAt: string };
}

async function printed(databaseName: string, ...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await runScript(databaseName, ...args, '--json');
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Database /)]);
  return JSON.parse(stdout) as Printed;
}

const isAccepted = async ({ url }: TestServer, { secret }: Printed): Promise<boolean> =>
  (await new Backend(url, secret, '').call('GET', '/audit')).status === 200;

describe('npm run keys', () => {
  test('creates, rotates and revokes keys; each takes effect on every process within a second', async () => {
    const databaseName = newDatabaseName();
    await using one = await startServer({ databaseName });
    await using two = await startServer({ databaseName });
    const create = ['create', '--name', 'backend', '--scopes', 'users,moderation'];
    const first = await printed(databaseName, ...create);
    expect(first.key).toMatchObject({ name: 'backend', scopes: ['users', 'moderation'] });
    expect(first.secret).toMatch(new RegExp(`^parley_${first.key._id}_`));
    // A new key is accepted at once: an unknown one is looked up.
    for (const server of [one, two]) expect(await isAccepted(server, first)).toBe(true);

    const second = await printed(databaseName, 'rotate', first.key._id, '--overlap', '1');
    expect(second.key).toMatchObject({ name: 'backend', scopes: ['users', 'moderation'] });
    expect(second.replaced?._id).toBe(first.key._id);
    for (const server of [one, two]) {
      expect([await isAccepted(server, first), await isAccepted(server, second)]).toEqual([true, true]);
    }
    const third = await printed(databaseName, 'rotate', second.key._id, '--overlap', '0');
    for (const server of [one, two]) {
      await until(async () => !(await isAccepted(server, second)));
      expect(await isAccepted(server, third)).toBe(true);
    }
    expect((await runScript(databaseName, 'revoke', first.key._id)).code).toBe(0);
    for (const server of [one, two]) await until(async () => !(await isAccepted(server, first)));

    const list = await runScript(databaseName, 'list');
    expect(list.stdout.trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(new RegExp(`^${first.key._id} backend \\(users,moderation\\).* revoked `)),
      expect.stringMatching(new RegExp(`^${second.key._id} .* expires `)),
      expect.stringMatching(new RegExp(`^${third.key._id} .* valid$`)),
    ]);
    const stored = JSON.stringify(await one.app.models.apiKeys.findAll());
    for (const { secret } of [first, second, third]) {
      const [, , hidden = secret] = /^(parley_.*?_)(.*)$/.exec(secret) ?? [];
      expect(list.stdout + stored).not.toContain(hidden);
    }
    const audit = await runScript(databaseName, 'audit', '--limit', '3');
    expect(audit.stdout.trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(/\| operator .* \| keys revoke \| \{"keyId":"[0-9a-f]{12}"\} \| OK$/),
      expect.stringMatching(/ \| keys rotate \| .* \| OK$/),
      expect.stringMatching(/ \| keys create \| .* \| OK$/),
    ]);
  });

  test('refuses wrong usage, unknown keys and an empty database, each with an exit code of its own', async () => {
    const databaseName = newDatabaseName();
    expect((await runScript(databaseName, 'list')).code).toBe(4);
    const missing = await runScript(databaseName, 'revoke', '0'.repeat(12), '--allow-empty');
    expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('There is no key')]);
    expect((await runScript(databaseName, 'annoy')).code).toBe(2);
    expect((await runScript(databaseName, '--help')).code).toBe(0);
  });
});

test.each([
  ['nothing', []],
  ['an unknown action', ['annoy']],
  ['no scopes', ['create', '--name', 'x']],
  ['an unknown scope', ['create', '--name', 'x', '--scopes', 'everything']],
  ['a name with a space', ['create', '--name', 'x y', '--scopes', 'users']],
  ['a wrong id', ['revoke', 'x']],
  ['two ids', ['revoke', '0'.repeat(12), '1'.repeat(12)]],
  ['a negative overlap', ['rotate', '0'.repeat(12), '--overlap', '-1']],
  ['an endless overlap', ['rotate', '0'.repeat(12), '--overlap', '99999']],
  ['an unknown option', ['list', '--nonsense']],
])('npm run keys with %s is wrong usage', (_what, args) => {
  expect(() => readTask(args)).toThrow();
});

test('while the database is away the answer is UNAVAILABLE; afterwards the same call happens once', async () => {
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({
    mongoUri: proxy.mongoUri,
    env: { COMMAND_TIMEOUT_MS: '1500', SEND_TIMEOUT_MS: '1000' },
  });
  const backend = await backendOf(server);
  const { conversationId } = await backend.ok('POST', '/conversations/direct', {
    body: { userIds: ['alice', 'bob'] },
  });
  const messages = `/conversations/${String(conversationId)}/messages`;
  const options = { body: { content: 'through an outage' }, key: 'outage-1' };
  proxy.cut();
  const reply = await backend.call('POST', messages, options);
  expect([reply.status, reply.body]).toMatchObject([503, { code: 'UNAVAILABLE' }]);
  expect((await backend.call('GET', messages)).status).toBe(503);
  const unknown = new Backend(server.url, `parley_${'0'.repeat(12)}_${'A'.repeat(43)}`, '');
  expect((await unknown.call('GET', messages)).status).toBe(503);
  proxy.pass();
  await until(async () => (await backend.call('POST', messages, options)).status === 201);
  const page = await backend.ok<{ messages: { content: string }[] }>('GET', messages);
  expect(page.messages.map(({ content }) => content)).toEqual(['through an outage']);
});
