import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type mongoose from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImportMapping } from '../../scripts/data/import/mapping.js';
import { createDataWorld, type DataWorld, type ScriptOutcome } from '../support/dataScript.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  CONVERSATIONS,
  createExportFolder,
  importHere,
  MESSAGES as MESSAGE_FIELDS,
} from './support/importFiles.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-kills-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each run is a process of its own, and several of them may share two cores with other tests. */
const write = (name: string, rows: readonly object[]): Promise<void> =>
  writeFile(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'));

const CHATS = 12;
const MESSAGES = 600;
const minute = (count: number): string => new Date(Date.UTC(2024, 0, 1) + count * 60_000).toISOString();

/** Source data: direct chats and groups, unordered, one of them long. */
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

/** Returns all messages by old id, and the summaries of the conversations. */
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

test('an import that is killed repeatedly ends with the same result as an undisturbed one (promise 9)', async () => {
  const path = await mapping();
  await using whole = await createDataWorld();
  await using torn = await createDataWorld();
  expect((await importInto(whole, path)).code).toBe(0);
  const messages = torn.connection.collection('messages');
  let kills = 0;
  for (const share of [0.05, 0.4, 0.8]) {
    const outcome = await torn.run(['import-legacy', '--mapping', path, '--yes', '--json'], (child) => {
      void until(async () => (await messages.countDocuments()) > MESSAGES * share, {
        ...{ everyMs: 5 },
      }).then(() => child.kill('SIGKILL'));
    });
    if (outcome.code === 137) kills += 1;
  }
  expect(kills).toBeGreaterThan(0);
  expect((await importInto(torn, path)).code).toBe(0);
  expect(await contentsOf(torn)).toEqual(await contentsOf(whole));
  expect(await messages.countDocuments({ kind: 'text' })).toBe(MESSAGES);
  expect(await torn.connection.collection('import_staging').countDocuments()).toBe(0);
  // One undo reverts all of these runs, whichever journal is named.
  const journals = (await readdir(join(torn.dataDir, 'journal'))).sort();
  expect(journals.length).toBeGreaterThan(0);
  const undone = await torn.run(['undo', join(torn.dataDir, 'journal', journals[0] ?? ''), '--yes']);
  expect(undone.code, undone.stderr).toBe(0);
  expect(Object.keys(await torn.dump(['meta']))).toEqual([]);
});

test('a second import can be undone alone: the first remains, byte for byte', async () => {
  await using files = await createExportFolder();
  await using world = await createDataWorld();
  const chats = [
    { id: 'direct_ann_ben', people: ['ann', 'ben'] },
    { id: 'group_1', people: ['ann', 'ben', 'cem'] },
  ];
  const said = (id: number, chat: string, from: string) => ({
    id,
    chat,
    from,
    text: `t${id}`,
    at: minute(id),
  });
  const messages = [
    said(1, 'direct_ann_ben', 'ann'),
    said(2, 'direct_ann_ben', 'ben'),
    said(3, 'group_1', 'cem'),
  ];
  await files.table('chats', chats);
  await files.table('messages', messages);
  const path = await files.mapping({ source: 'x', conversations: CONVERSATIONS, messages: MESSAGE_FIELDS });
  expect(await importHere(world, { mapping: path })).toMatchObject({ code: 0 });
  const first = await world.dump(['meta']);
  await files.table('chats', [
    ...chats,
    { id: 'direct_ben_ann', people: ['ben', 'ann'] },
    { id: 'direct_ann_dora', people: ['ann', 'dora'] },
  ]);
  await files.table('messages', [
    ...messages,
    ...[said(4, 'direct_ben_ann', 'ben'), said(5, 'group_1', 'eve'), said(6, 'direct_ann_dora', 'dora')],
  ]);
  expect(await importHere(world, { mapping: path })).toMatchObject({ counts: { messages: 3 } });
  const journal = (await readdir(join(world.dataDir, 'journal'))).sort()[1] ?? '';
  const undo = () => world.runHere('undo', { journal: join(world.dataDir, 'journal', journal) });
  expect((await undo()).code).toBe(0);
  expect(await world.dump(['meta'])).toEqual(first);
  expect(await importHere(world, { mapping: path })).toMatchObject({ counts: { messages: 3 } });
});

test('an import is undone from its journal, unless messages were written since or a server is running', async () => {
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
  // The server removes its heartbeat when it stops.
  const refused = await undo();
  expect(refused.stderr).toContain('has been written to since');
  expect(refused.code).toBe(2);
  const messages = world.connection.collection('messages');
  expect(await messages.countDocuments({ kind: 'text' })).toBe(MESSAGES + 1);
  await messages.deleteMany({ content: 'somebody lives here' });
  const undone = await undo();
  expect(undone.code, undone.stderr).toBe(0);
  for (const name of ['messages', 'conversations', 'members', 'aliases']) {
    expect(await world.connection.collection(name).countDocuments(), name).toBe(0);
  }
  // Users who have been active since remain.
  expect(await world.connection.collection('users').distinct('_id')).toContain('hub');
  expect((await undo()).code).toBe(0);
  expect((await importInto(world, path)).code).toBe(0);
  expect(Object.keys(await world.dump(['meta']))).toEqual(Object.keys(imported));
  // No journal contains message text.
  expect(await readFile(journal, 'utf8')).not.toContain('text 1');
});

test('a chat of two with another number of participants is imported as the mapping says', async () => {
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
  // Imported in its damaged form for `split-group-conversations`; servers show it to no one.
  expect(await becomes('split')).toEqual([0, ['direct', ['a', 'b', 'c'], 3]]);
});

test('an invalid mapping is rejected with a sentence, and nothing is changed', async () => {
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
    'The mapping FILE: users.knownAs: is required when people are names.',
  );
  expect(await answer({ source: 'a', conversations, messages })).toBe('accepted');
  await using world = await createDataWorld();
  const { code, stderr } = await importInto(world, path);
  expect([code, stderr]).toEqual([2, expect.stringContaining('which the server uses itself') as string]);
  expect(await world.dump()).toEqual({});
});
