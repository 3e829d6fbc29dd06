import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDataWorld, type DataWorld, type ScriptOutcome } from '../support/dataScript.js';
import { messageOf, messagesOf } from '../support/messages.js';
import { startServer, type TestServer } from '../support/server.js';
import { newDatabaseName } from '../support/server.js';
import { at, embedded, seedEmbedded } from './support/embeddedChats.js';
import { requireValidImport } from './support/validImport.js';
import { OldTestClient } from '../legacy/support/oldClient.js';

let folder: string;
let mappings = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each run is a process of its own, and several of them may share two cores with other tests. */
const file = async (name: string, rows: readonly unknown[]): Promise<string> => {
  const lines = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  await writeFile(join(folder, name), lines.join('\n'));
  return name;
};
const mappingFile = async (mapping: object): Promise<string> => {
  mappings += 1;
  const path = join(folder, `mapping${mappings}.json`);
  await writeFile(path, JSON.stringify(mapping));
  return path;
};
const run = (world: DataWorld, mapping: string, ...more: string[]): Promise<ScriptOutcome> =>
  world.run([
    'import-legacy',
    '--mapping',
    mapping,
    ...(more.includes('--dry-run') ? [] : ['--yes']),
    ...more,
  ]);
interface Report {
  counts: Record<string, number>;
  problems: number;
  journal?: string;
  details: { problem?: string; change?: string }[];
}
const reportOf = ({ stdout }: ScriptOutcome): Report => JSON.parse(stdout) as Report;
const problemsOf = (outcome: ScriptOutcome): string[] =>
  reportOf(outcome).details.flatMap(({ problem }) => problem ?? []);

const serve = (world: DataWorld): Promise<TestServer> =>
  startServer({ databaseName: world.databaseName, env: { LEGACY_EVENTS: 'true' } });

test('chats with embedded messages: duplicates become one, ordered by time, and clients find all messages', async () => {
  const database = newDatabaseName();
  await seedEmbedded(database);
  const mapping = await mappingFile(embedded(database));
  await using world = await createDataWorld();

  const before = await world.dump();
  const dry = await run(world, mapping, '--dry-run', '--json');
  expect(dry.code, dry.stderr).toBe(1);
  expect(await world.dump()).toEqual(before);

  const first = await run(world, mapping, '--json');
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect(reportOf(first).counts).toMatchObject({ users: 3, conversations: 2, messages: 5, aliases: 3 });
  expect(reportOf(dry).counts).toEqual(reportOf(first).counts);
  await requireValidImport(world);

  const stored = await world.dump();
  const second = await run(world, mapping, '--json');
  expect(second.code).toBe(0);
  expect(reportOf(second).counts).toEqual({});
  expect(await world.dump()).toEqual(stored);

  await using server = await serve(world);
  const ann = await server.connectAs('ann');
  const { conversations, totalUnread } = await ann.ok('getConversations', {});
  expect(conversations.map(({ type, name }) => [type, name])).toEqual([
    ['group', 'Trip'],
    ['direct', undefined],
  ]);
  expect(totalUnread).toBe(0);
  const [group, direct] = conversations;
  expect(direct?.lastMessageAt).toBe(at(2).toISOString());
  const page = messagesOf(await ann.ok('getMessages', { conversationId: direct?._id }));
  expect(page.map(({ content, createdAt }) => [content, createdAt])).toEqual([
    ['one', at(1).toISOString()],
    ['between', at(1.5).toISOString()],
    ['two', at(2).toISOString()],
  ]);
  expect(page[2]?.sender).toMatchObject({ _id: 'ben', name: 'Ben' });
  expect(await ann.open('ben')).toBe(direct?._id);
  // The former member is not a member, and their messages exist.
  expect(group?.participants.toSorted()).toEqual(['ann', 'ben', 'cem']);
  const said = await ann.ok('getMessages', { conversationId: group?._id });
  expect(said.messages.filter(({ kind }) => kind === 'text').map(({ content }) => content)).toEqual([
    'hello',
    'was here once',
  ]);
  const dora = await server.connectAs('dora');
  expect(await dora.call('getMessages', { conversationId: group?._id })).toMatchObject({
    code: 'NOT_PARTICIPANT',
  });
  // New messages are appended after the imported ones.
  const sent = await ann.ok('sendMessage', {
    conversationId: direct?._id,
    content: 'now',
    clientMessageId: 'n1',
  });
  expect(sent.seq).toBe(4);
});

/** Shape (b): ids made by clients, and a separate collection of messages. */
test('ids made by clients still work for old clients after an import', async () => {
  const rows = {
    chats: await file('b-chats.jsonl', [
      { id: 'direct_u_1_u_2' },
      { id: 'group_1700000000000', members: ['u_1', 'u_2', 'u_3'], title: 'Club' },
      { id: 'direct_u_1_nobody' },
    ]),
    users: await file('b-users.jsonl', [{ id: 'u_1' }, { id: 'u_2' }, { id: 'u_3' }]),
    messages: await file('b-messages.jsonl', [
      { mid: 7, room: 'group_1700000000000', user: 'u_3', text: 'in the club', ts: at(5).getTime() },
      { mid: 5, room: 'direct_u_1_u_2', user: 'u_2', text: 'second', ts: at(2).getTime() / 1_000 },
      { mid: 3, room: 'direct_u_1_u_2', user: 'u_1', text: 'first', ts: at(1).toISOString() },
      { mid: 9, room: 'direct_u_1_nobody', user: 'u_1', text: 'to nobody', ts: at(1).getTime() },
    ]),
  };
  const mapping = await mappingFile({
    source: 'app',
    users: { file: rows.users, id: 'id' },
    conversations: { file: rows.chats, id: 'id', participants: 'members', name: 'title' },
    messages: {
      file: rows.messages,
      conversation: 'room',
      id: 'mid',
      sender: 'user',
      text: 'text',
      at: 'ts',
    },
    withoutReads: 'unread',
  });
  await using world = await createDataWorld();
  const outcome = await run(world, mapping, '--json');
  expect(outcome.code).toBe(1);
  expect(problemsOf(outcome)).toEqual([
    'conversation direct_u_1_nobody: does not name two existing users',
    'conversation direct_u_1_nobody: 1 messages belong to a conversation that could not be read',
  ]);
  expect(reportOf(outcome).counts).toMatchObject({ conversations: 2, messages: 3 });
  await requireValidImport(world);

  await using server = await serve(world);
  await using old = await OldTestClient.as(server, 'u_1');
  const page = await old.ask('get_messages', { conversationId: 'direct_u_1_u_2' });
  expect(page['messages']).toMatchObject([{ text: 'first' }, { text: 'second' }]);
  const modern = await server.connectAs('u_2');
  const id = await modern.open('u_1');
  expect(await old.ask('send_message', { conversationId: 'direct_u_1_u_2', text: 'third' })).toMatchObject({
    success: true,
  });
  expect(messageOf(await modern.next('message:new'))).toMatchObject({ conversationId: id, seq: 3 });
  // Marks as read up to a message with its id in the old system, as the old client knows it.
  expect((await modern.ok('getConversations', {})).totalUnread).toBeGreaterThan(0);
  await using two = await OldTestClient.as(server, 'u_2');
  expect(await two.ask('mark_read', { conversationId: 'direct_u_1_u_2', messageId: '3' })).toMatchObject({
    success: true,
  });
  expect(await two.ask('mark_read', { conversationId: 'direct_u_1_u_2', messageId: 'none' })).toMatchObject({
    code: 'NOT_FOUND',
  });
  await modern.ok('sendMessage', {
    ...{ conversationId: (await modern.ok('getConversations', { filter: 'groups' })).conversations[0]?._id },
    ...{ content: 'to the club', clientMessageId: 'c1' },
  });
  expect(await old.next('receive_message', ({ text }) => text === 'to the club')).toMatchObject({
    conversationId: 'group_1700000000000',
  });
});

/** Shape (c): an export of a relational database. */
const exported = async (more: readonly object[] = []): Promise<string> =>
  mappingFile({
    source: 'pg',
    users: {
      file: await file('c-users.jsonl', [
        { id: 'ids-ann', handle: 'ann' },
        { id: 'ids-ben', handle: 'ben' },
        { id: 'a2', handle: 'twin' },
        { id: 'a3', handle: 'twin' },
      ]),
      id: 'id',
      knownAs: 'handle',
    },
    people: 'name',
    conversations: {
      file: await file('c-conversations.jsonl', [
        { id: 1, kind: 'DIRECT', createdAt: at(0) },
        { id: 2, kind: 'DIRECT', createdAt: at(0) },
        { id: 3, kind: 'BOT', createdAt: at(0) },
        { id: 4, kind: 'DIRECT' },
        'not json',
      ]),
      ...{ id: 'id', type: { field: 'kind', direct: ['DIRECT'], group: ['GROUP'] }, createdAt: 'createdAt' },
    },
    participants: {
      file: await file('c-participants.jsonl', [
        { conversationId: 1, user: 'ann' },
        { conversationId: 1, user: 'ben' },
        ...['ann', 'ben', 'twin'].map((user) => ({ conversationId: 2, user })),
        ...['ann', 'ghost'].map((user) => ({ conversationId: 4, user })),
      ]),
      ...{ conversation: 'conversationId', user: 'user' },
    },
    messages: {
      file: await file('c-messages.jsonl', [
        { id: 'a', conversationId: 1, sender: 'ann', body: 'one', createdAt: at(1) },
        { id: 'b', conversationId: 1, sender: 'ben', body: 'two', createdAt: at(2) },
        { id: 'c', conversationId: 1, sender: 'ben', body: 'three', createdAt: at(3) },
        { id: 'c', conversationId: 1, sender: 'ben', body: 'again', createdAt: at(3) },
        { id: 'd', conversationId: 1, sender: 'eve', body: 'intruder', createdAt: at(3) },
        { id: 'e', conversationId: 1, sender: 'ann', body: '', createdAt: at(3) },
        { id: 'f', conversationId: 1, sender: 'ann', body: 'x', createdAt: 'never' },
        { id: 'g', conversationId: 9, sender: 'ann', body: 'x', createdAt: at(3) },
        { id: 'h', conversationId: 1, body: 'x', createdAt: at(3) },
        ...more,
      ]),
      ...{ conversation: 'conversationId', id: 'id', sender: 'sender', text: 'body', at: 'createdAt' },
    },
    reads: {
      file: await file('c-reads.jsonl', [
        { conversationId: 1, user: 'ann', messageId: 'b' },
        { conversationId: 1, user: 'ben', messageId: 'lost' },
      ]),
      ...{ conversation: 'conversationId', user: 'user', message: 'messageId' },
    },
  });

test('an export as JSON lines: read positions are imported, and every unreadable row is listed', async () => {
  await using world = await createDataWorld();
  const outcome = await run(world, await exported(), '--json');
  expect(outcome.code, outcome.stderr).toBe(1);
  expect(problemsOf(outcome).sort()).toEqual(
    [
      'c-conversations.jsonl:3: has a type that the mapping does not name',
      'c-conversations.jsonl:5: is not JSON',
      'c-messages.jsonl:6: has neither text nor attachment',
      'c-messages.jsonl:7: has no time',
      'c-messages.jsonl:9: has no sender',
      'conversation 1, message d: names an unknown user (eve)',
      'conversation 1: ids-ben has read a message that does not exist',
      'conversation 2: names a user by a name that two users have (twin)',
      'conversation 4: names an unknown user (ghost)',
      'conversation 9: 1 messages belong to a conversation that does not exist',
      'message:["1","c"]: exists twice; the first one is used',
    ].sort(),
  );
  await requireValidImport(world);
  await using server = await serve(world);
  const ann = await server.connectAs('ids-ann');
  const { conversations } = await ann.ok('getConversations', {});
  expect(conversations).toMatchObject([
    { lastReadSeq: 2, unreadCount: 1, messageCount: 3, createdAt: at(0).toISOString() },
  ]);
});

test('an import while users write appends what is new, and a second import appends what is newer', async () => {
  await using world = await createDataWorld();
  await run(world, await exported());
  await using server = await serve(world);
  const ann = await server.connectAs('ids-ann');
  const ben = await server.connectAs('ids-ben');
  const id = await ann.open('ids-ben');
  await ann.send(id, 'live');
  const writing = (async () => {
    for (let index = 0; index < 60; index += 1) await ben.send(id, `b${index}`);
  })();
  const late = Array.from({ length: 120 }, (_, index) => ({
    ...{
      id: `late${index}`,
      conversationId: 1,
      sender: 'ann',
      body: `late ${index}`,
      createdAt: at(0.5 + index / 1_000),
    },
  }));
  const outcome = await run(world, await exported(late), '--json');
  await writing;
  expect(reportOf(outcome).counts).toMatchObject({ messages: 120, late: 120 });
  const all = [];
  for (let after = 0; ; after = all.length) {
    const page = await ann.ok('getMessages', { conversationId: id, after, limit: 200 });
    all.push(...page.messages);
    if (!page.hasMore) break;
  }
  expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 184 }, (_, index) => index + 1));
  // No stored message has changed its seq.
  expect(all.slice(0, 4).map(({ content }) => content)).toEqual(['one', 'two', 'three', 'live']);
  const again = await run(world, await exported(late), '--json');
  expect(reportOf(again).counts['messages']).toBeUndefined();
});
