import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type mongoose from 'mongoose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readImportMapping } from '../../scripts/data/import/mapping.js';
import { createDataWorld, type DataWorld, type ScriptOutcome } from '../support/dataScript.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-kills-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each run is a process of its own, and several of them may share two cores with other tests. */
vi.setConfig({ testTimeout: 120_000 });

const write = (name: string, rows: readonly object[]): Promise<void> =>
  writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'));

const CHATS = 12;
const MESSAGES = 600;
const minute = (count: number): string => new Date(Date.UTC(2024, 0, 1) + count * 60_000).toISOString();

/** Directs and groups, in no order, one of them long. */
async function mapping(more: object = {}): Promise<string> {
  const chats = Array.from({ length: CHATS }, (_, index) =>
    index % 3 === 0
      ? {
          since: minute(0),
          id: `group_17000000${index}`,
          people: [`u${index}`, 'hub', `v${index}`],
          name: `Group ${index}`,
        }
      : { since: minute(0), id: `direct_hub_u${index}`, people: ['hub', `u${index}`] },
  );
  await write('chats.jsonl', chats);
  await write(
    'messages.jsonl',
    Array.from({ length: MESSAGES }, (_, index) => {
      const chat = chats[index % 2 === 0 ? 1 : index % CHATS];
      return {
        ...{ id: `m${index}`, chat: chat?.id, from: chat?.people[index % 2], text: `text ${index}` },
        at: minute((index * 7_919) % MESSAGES),
      };
    }),
  );
  const file = join(folder, `mapping${JSON.stringify(more).length}.json`);
  await writeFile(
    file,
    JSON.stringify({
      ...{ source: 'old', withoutReads: 'unread' },
      conversations: {
        file: 'chats.jsonl',
        id: 'id',
        participants: 'people',
        name: 'name',
        createdAt: 'since',
      },
      messages: {
        ...{ file: 'messages.jsonl', conversation: 'chat', id: 'id', sender: 'from', text: 'text', at: 'at' },
      },
      ...more,
    }),
  );
  return file;
}
const importInto = (world: DataWorld, path: string, ...more: string[]): Promise<ScriptOutcome> =>
  world.run(['import-legacy', '--mapping', path, '--yes', '--json', ...more]);

/** What was said where, by old id, and what the conversations say of it. */
async function contentsOf(world: DataWorld): Promise<unknown> {
  const { connection } = world;
  const aliases = await connection.collection('aliases').find().sort({ _id: 1 }).toArray();
  return Promise.all(
    aliases.map(async ({ _id, ...alias }) => {
      const conversationId = alias['conversationId'] as mongoose.Types.ObjectId;
      const messages = await connection
        .collection('messages')
        .find({ conversationId })
        .sort({ seq: 1 })
        .toArray();
      const conversation = await connection.collection('conversations').findOne({ _id: conversationId });
      const members = await connection
        .collection('members')
        .find({ conversationId })
        .sort({ userId: 1 })
        .toArray();
      return [
        String(_id),
        messages.map((message) =>
          ['seq', 'n', 'control', 'content', 'senderId', 'kind', 'createdAt'].map(
            (field) => message[field] as unknown,
          ),
        ),
        ...[
          'lastSeq',
          'messageCount',
          'lastMessageAt',
          'memberCount',
          'participants',
          'lastSent',
          'createdAt',
        ].map((field) => conversation?.[field] as unknown),
        (conversation?.['maybeUnread'] as string[]).toSorted(),
        members.map((member) =>
          ['userId', 'role', 'joinedSeq', 'lastReadSeq'].map((field) => member[field] as unknown),
        ),
      ];
    }),
  );
}

test('an import that is killed again and again ends where one that was not would have (invariant 9)', async () => {
  const path = await mapping();
  await using whole = await createDataWorld();
  await using torn = await createDataWorld();
  expect((await importInto(whole, path)).code).toBe(0);
  const messages = torn.connection.collection('messages');
  let kills = 0;
  for (const share of [0.05, 0.4, 0.8]) {
    const outcome = await torn.run(['import-legacy', '--mapping', path, '--yes', '--json'], (child) => {
      void until(async () => (await messages.estimatedDocumentCount()) > MESSAGES * share, {
        ...{ timeoutMs: 60_000, everyMs: 5 },
      }).then(() => child.kill('SIGKILL'));
    });
    if (outcome.code === 137) kills += 1;
  }
  expect(kills).toBeGreaterThan(0);
  expect((await importInto(torn, path)).code).toBe(0);
  expect(await contentsOf(torn)).toEqual(await contentsOf(whole));
  expect(await messages.countDocuments({ kind: 'text' })).toBe(MESSAGES);
  expect(await torn.connection.collection('import_staging').estimatedDocumentCount()).toBe(0);
});

test('an import is taken back from its journal, unless people have written since or a server is running', async () => {
  const path = await mapping();
  await using world = await createDataWorld();
  const { journal } = JSON.parse((await importInto(world, path)).stdout) as { journal: string };
  const undo = (): Promise<ScriptOutcome> => world.run(['undo', journal, '--yes']);
  const imported = await world.dump();
  {
    await using server = await startServer({ databaseName: world.databaseName });
    const hub = await server.connectAs('hub');
    const id = await hub.open('u1');
    const refused = await undo();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('a server is running');
    await hub.send(id, 'somebody lives here');
  }
  // Its heartbeat is forgotten when it stops.
  const refused = await undo();
  expect(refused.stderr).toContain('people have written since');
  expect(refused.code).toBe(2);
  const messages = world.connection.collection('messages');
  expect(await messages.countDocuments({ kind: 'text' })).toBe(MESSAGES + 1);
  await messages.deleteMany({ content: 'somebody lives here' });
  const undone = await undo();
  expect(undone.code, undone.stderr).toBe(0);
  for (const name of ['messages', 'conversations', 'members', 'aliases']) {
    expect(await world.connection.collection(name).countDocuments(), name).toBe(0);
  }
  // Who has been here since stays.
  expect(await world.connection.collection('users').distinct('_id')).toContain('hub');
  expect((await undo()).code).toBe(0);
  expect((await importInto(world, path)).code).toBe(0);
  expect(Object.keys(await world.dump(['meta']))).toEqual(Object.keys(imported));
  // No text of anybody is in a journal.
  expect(await readFile(journal, 'utf8')).not.toContain('text 1');
});

test('a chat of two with another number of people goes where the mapping says', async () => {
  await write('chats.jsonl', [{ id: 'direct_a_b', people: ['a', 'b', 'c'] }]);
  await write(
    'messages.jsonl',
    ['a', 'b', 'c'].map((from, index) => ({
      id: index,
      chat: 'direct_a_b',
      from,
      text: 'x',
      at: minute(index),
    })),
  );
  const base = {
    source: 'old',
    conversations: { file: 'chats.jsonl', id: 'id', participants: 'people' },
    messages: {
      ...{ file: 'messages.jsonl', conversation: 'chat', id: 'id', sender: 'from', text: 'text', at: 'at' },
    },
  };
  const becomes = async (directOfOthers: string): Promise<[unknown, unknown]> => {
    const path = join(folder, 'others.json');
    await writeFile(path, JSON.stringify({ ...base, directOfOthers }));
    await using world = await createDataWorld();
    const outcome = await importInto(world, path);
    const conversation = await world.connection.collection('conversations').findOne();
    return [
      outcome.code,
      conversation && [conversation['type'], conversation['participants'], conversation['lastSeq']],
    ];
  };
  expect(await becomes('report')).toEqual([1, null]);
  expect(await becomes('group')).toEqual([0, ['group', ['a', 'b', 'c'], 4]]);
  // As damaged as it was, for `split-group-conversations`: no server shows it to anybody.
  expect(await becomes('split')).toEqual([0, ['direct', ['a', 'b', 'c'], 3]]);
});

test('a mapping that is wrong is answered with a sentence, and nothing is done', async () => {
  const path = join(folder, 'wrong.json');
  const answer = async (content: object | string): Promise<string> => {
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    try {
      readImportMapping(path);
      return 'accepted';
    } catch (error) {
      return (error as Error).message.replaceAll(path, 'FILE');
    }
  };
  const conversations = { collection: 'conversations', id: '_id', messages: 'messages' };
  const messages = { sender: 's', text: 't', at: 'a' };
  expect(await answer('{')).toMatch(/^The mapping FILE cannot be read/);
  expect(await answer({ source: 'a b', conversations, messages })).toBe(
    'The mapping FILE: source: must be 1 to 16 lower-case letters, digits or -.',
  );
  expect(await answer({ source: 'a', conversations, messages: { ...messages, tim: 'x' } })).toMatch(
    /^The mapping FILE: messages: Unrecognized key: "tim"/,
  );
  expect(await answer({ source: 'a', conversations, messages, people: 'name' })).toBe(
    'The mapping FILE: users.knownAs: is needed where people are names.',
  );
  expect(await answer({ source: 'a', conversations, messages })).toBe('accepted');
  await using world = await createDataWorld();
  const { code, stderr } = await importInto(world, path);
  expect([code, stderr]).toEqual([2, expect.stringContaining("of the server's own database") as string]);
  expect(await world.dump()).toEqual({});
});
