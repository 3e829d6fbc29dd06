import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { readTask } from '../../scripts/webhooks/task.js';
import { newDatabaseName, startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { answerWith, messageOf, Receiver } from './support/receiver.js';

const SCRIPT = fileURLToPath(new URL('../../dist/scripts/webhooks/index.js', import.meta.url));

function runScript(
  databaseName: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], MONGODB_URI: inject('mongoUri'), DATABASE_NAME: databaseName };
    execFile(process.execPath, [SCRIPT, ...args], { env, cwd: '/' }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

interface Printed {
  secret: string;
  webhook: { _id: string; status: string };
  webhooks: { _id: string; status: string }[];
}

async function printed(databaseName: string, ...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await runScript(databaseName, ...args, '--json');
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Database /)]);
  return JSON.parse(stdout) as Printed;
}

test('a webhook is added, tested, disabled, enabled, replayed, rotated and removed while a server runs', async () => {
  const databaseName = newDatabaseName();
  await using receiver = await Receiver.open();
  await using server = await startServer({ databaseName });
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  const run = (...args: string[]) => runScript(databaseName, ...args);
  const send = () =>
    alice.ok('sendMessage', { conversationId, content: 'x', clientMessageId: crypto.randomUUID() });
  const from = new Date().toISOString();

  const dry = await run('add', receiver.url, '--events', 'message.created', '--dry-run');
  expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('Would add')]);
  expect((await run('list')).stdout).toContain('There are no webhooks.');
  const added = await printed(databaseName, 'add', receiver.url, '--events', 'message.created');
  receiver.secrets.push(added.secret);
  const id = added.webhook._id;
  const shown = await run('list');
  expect(shown.stdout).toMatch(/^Database /);
  expect(shown.stdout).toContain(`${id} ${receiver.url} (message.created), on`);
  expect(shown.stdout).not.toContain(added.secret);

  expect(await run('test', id)).toMatchObject({ code: 0 });
  receiver.answer = answerWith(400);
  expect((await run('test', id)).stdout).toContain('not accepted: status 400');
  receiver.answer = (_delivery, response) => void response.writeHead(204).end();
  await send();
  await receiver.first('message.created', (one) => messageOf(one).seq === 1);

  expect((await printed(databaseName, 'disable', id)).webhook.status).toBe('operator');
  expect((await printed(databaseName, 'enable', id)).webhook.status).toBe('on');
  const before = receiver.typed('message.created').length;
  await printed(databaseName, 'replay', id, '--from', from);
  await until(() => receiver.typed('message.created').length > before);
  const { secret } = await printed(databaseName, 'rotate', id, '--overlap', '0');
  expect(secret).not.toBe(added.secret);
  expect(await run('remove', id)).toMatchObject({ code: 0 });
  expect(await run('test', id)).toMatchObject({ code: 1 });
  const actions = (await server.app.models.audit.findPage(50)).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['webhooks add', 'webhooks rotate', 'webhooks remove']));
}, 120_000);

test('a private address is refused, with exit code 1', async () => {
  const databaseName = newDatabaseName();
  await using server = await startServer({ databaseName });
  const alice = await server.connectAs('alice');
  await alice.open('bob');
  const { code, stderr } = await runScript(databaseName, 'add', 'https://10.0.0.1/', '--events', 'all');
  expect([code, stderr]).toEqual([1, expect.stringContaining('private or reserved')]);
});

test.each([
  [['add', 'https://example.com/']],
  [['add', 'https://example.com/', '--events', 'message.read']],
  [['add', 'ftp://example.com/', '--events', 'all']],
  [['replay', '9f2c41d07ab3', '--from', 'yesterday']],
  [['rotate', '9f2c41d07ab3', '--overlap', '9999']],
  [['test', 'nope']],
  [['shout']],
  [[]],
])('%j is wrong usage', (args) => {
  expect(() => readTask(args)).toThrow();
});

test('all stands for every event', () => {
  const task = readTask(['add', 'https://example.com/', '--events', 'all']);
  expect(task).toMatchObject({
    action: 'add',
    dryRun: false,
    events: expect.arrayContaining(['user.blocked']) as unknown,
  });
});
