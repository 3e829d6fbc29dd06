import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readDatabaseFacts } from '../../scripts/data/frame/database.js';
import { TaskRun } from '../../scripts/data/frame/runTask.js';
import { defineTask } from '../../scripts/data/frame/task.js';
import { Stopped } from '../../scripts/data/frame/taskErrors.js';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { DAMAGES, people, storeConversation, storeMessages } from './support/damages.js';

const FIVE = [
  ...['conversationsWithIssues', 'status', 'timestamp', 'totalConversations', 'validConversations'],
];
const VALIDATE = 'add-conversation-validation';

const fieldsOf = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

test('the verification report has exactly five fields, on standard output and in a file; --details adds the findings', async () => {
  await using world = await createDataWorld();
  for (const name of ['none', 'three people', 'duplicates'])
    await DAMAGES[name]?.({ world, tag: name[0] ?? '' });
  const plain = await world.run([VALIDATE, '--json', '--report', 'report.json']);
  expect(plain.code).toBe(1);
  const report = fieldsOf(plain.stdout);
  expect(Object.keys(report).sort()).toEqual(FIVE);
  expect(report).toMatchObject({
    ...{ totalConversations: 4, validConversations: 2, conversationsWithIssues: 2, status: 'issues' },
  });
  expect(plain.stderr).toContain(`Database ${world.databaseName} at mongodb://`);
  const detailed = fieldsOf((await world.run([VALIDATE, '--json', '--details'])).stdout);
  expect(Object.keys(detailed).sort()).toEqual([...FIVE, 'details'].sort());
  expect(detailed['details']).toHaveLength(3);
  expect(fieldsOf(readFileSync(join(world.dataDir, 'report.json'), 'utf8'))).toEqual(report);
  await world.connection.collection('conversations').deleteMany({});
  await world.connection.collection('messages').deleteMany({});
  const empty = await world.run([VALIDATE, '--json']);
  expect(empty.code).toBe(0);
  expect(fieldsOf(empty.stdout)).toMatchObject({ totalConversations: 0, status: 'valid' });
});

/** Creates two pairs with two chats each, a chat with three users, and a valid chat. */
async function damage(world: DataWorld): Promise<void> {
  for (const [index, name] of ['duplicates', 'duplicates', 'three people', 'none'].entries()) {
    await DAMAGES[name]?.({ world, tag: String(index) });
  }
}

test('harden --dry-run lists what it would repair, and as problems only what would remain', async () => {
  await using world = await createDataWorld();
  await damage(world);
  const dry = await world.run(['harden', '--dry-run']);
  expect(dry.code).toBe(1);
  const problems = dry.stdout.split('\n').filter((line) => line.startsWith('!'));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/notTwo: .*; npm run data -- split-group-conversations repairs it$/);
  expect(dry.stdout).toContain('4 conversations of 2 pairs would become 2; every message stays.');
  const done = await world.run(['harden', '--yes']);
  expect(done.stdout).toContain(
    '4 conversations of 2 pairs have become 2. Their messages: 12 before = 12 after. The old ones redirect to the new ones.',
  );
});

test('after merging and splitting, counts of conversations and messages are the same; redirects are counted separately', async () => {
  await using world = await createDataWorld();
  await damage(world);
  expect((await world.run(['harden', '--yes'])).stdout).toContain(
    'Conversations: 4, 1 of them with issues; user messages in them: 20.',
  );
  const split = await world.run([
    'split-group-conversations',
    '--yes',
    '--hub',
    people({ world, tag: '2' })[0],
  ]);
  expect(split.stdout).toMatch(
    /^User messages: 5 before = 5 after, in 2 chats of two and \d of messages without addressee/m,
  );
  const after = await world.run([VALIDATE]);
  expect(after).toMatchObject({ code: 0 });
  expect(after.stdout).toMatch(/^Conversations: \d, 0 of them with issues; user messages in them: 20\.$/m);
  expect(after.stdout).toMatch(/^Not counted: 5 merged or split conversations, which redirect correctly\.$/m);
});

test('a step that is stopped in the middle is not counted', async () => {
  await using world = await createDataWorld();
  const task = defineTask({
    name: 'two-steps',
    summary: 'one step is done, the other one is stopped',
    kind: 'change',
    schema: z.object({}),
    async *steps(context) {
      await context.collection('conversations').findOne({});
      yield { lines: ['one'], counts: { steps: 1 }, apply: () => Promise.resolve({ more: 1 }) };
      yield { lines: ['two'], counts: { steps: 1 }, apply: () => Promise.reject(new Stopped()) };
    },
  });
  const printed: string[] = [];
  const run = new TaskRun(
    task,
    {
      ...{ dryRun: false, yes: true, json: true, journal: undefined, report: undefined },
      ...{ allowEmpty: false, details: false },
    },
    {
      ...{ connection: world.connection, dataDir: world.dataDir, calledFrom: world.dataDir },
      ...{ database: await readDatabaseFacts(world.connection), isStopping: () => false },
      print: (text) => Promise.resolve(void printed.push(text)),
    },
  );
  expect(await run.run({})).toBe(3);
  expect(JSON.parse(printed.join(''))).toMatchObject({ status: 'stopped', counts: { steps: 1, more: 1 } });
});

test('an option spelled as in code is answered with its correct name', async () => {
  await using world = await createDataWorld();
  const wrong = await world.run(['archive-messages', '--olderThanDays', '30', '--yes']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('There is no option --olderThanDays: its name is --older-than-days.');
  const few = await world.run(['archive-messages', '--older-than-days', '0', '--yes']);
  expect(few.stderr).toContain('--older-than-days: has to be at least 1');
  const close = await world.run(['archive-messages', '--older-than-day', '30', '--yes']);
  expect([close.code, close.stderr.includes('--older-than-days')]).toEqual([2, true]);
});

test('show prints a message with its text and its neighbours', async () => {
  await using world = await createDataWorld();
  const site = { world, tag: '' };
  const [a, b] = people(site);
  const id = await storeConversation(site, [a, b]);
  await storeMessages(site, id, [a, b, a, b]);
  const messages = await world.connection.collection('messages').find().sort({ seq: 1 }).toArray();
  const shown = await world.run(['show', String(messages[1]?._id), '--around', '1']);
  expect(shown.code).toBe(0);
  const lines = shown.stdout.split('\n');
  expect(lines[1]).toBe(
    `message ${String(messages[1]?._id)} of conversation ${id.toHexString()}, direct of ${a}, ${b}; key "${a}_${b}"`,
  );
  expect(lines.slice(2, 5).map((line) => line.split(' | ').at(-1))).toEqual([
    ...[`"${a}": "text 0"`, `"${b}": "text 1"`, `"${a}": "text 2"`],
  ]);
  await world.connection.collection('messages').deleteOne({ seq: 2 });
  const conversation = await world.run(['show', id.toHexString()]);
  expect(conversation.stdout).toContain('missing seqs: 2\n');
  expect((await world.run(['show', 'nonsense'])).code).toBe(2);
  expect((await world.run(['show', '0'.repeat(24)])).code).toBe(2);
});
