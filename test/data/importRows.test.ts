import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDataWorld } from '../support/dataScript.js';
import { CONVERSATIONS, createExportFolder, importHere, MESSAGES, textsIn } from './support/importFiles.js';
import { requireValidImport } from './support/validImport.js';

const CHATS = [{ id: 'direct_ann_ben', people: ['ann', 'ben'] }];
const minute = (count: number): string => new Date(Date.UTC(2024, 0, 1, 0, count)).toISOString();

test('an export without zones results in the same order and times under any TZ of the importing machine', async () => {
  await using files = await createExportFolder();
  await files.table('chats', CHATS);
  await files.table('messages', [
    { id: 1, chat: 'direct_ann_ben', from: 'ann', text: 'question', at: '2024-03-31T02:30:00' },
    { id: 2, chat: 'direct_ann_ben', from: 'ben', text: 'answer', at: '2024-03-31 02:31:00.5' },
    { id: 3, chat: 'direct_ann_ben', from: 'ann', text: 'thanks', at: '2024-03-31T03:29:00' },
    { id: 4, chat: 'direct_ann_ben', from: 'ben', text: 'last', at: '2024-03-31 03:31:00+00' },
  ]);
  const mapping = await files.mapping({ source: 'pg', conversations: CONVERSATIONS, messages: MESSAGES });
  const imported = async (zone: string, ...more: string[]): Promise<unknown[]> => {
    await using world = await createDataWorld();
    const args = ['import-legacy', '--mapping', mapping, '--yes', ...more];
    const outcome = await world.run(args, undefined, { TZ: zone });
    expect([outcome.code, outcome.stderr]).toEqual([more.length === 0 ? 0 : 1, '']);
    const found = await world.connection.collection('messages').find().sort({ seq: 1 }).toArray();
    return found.map((message): unknown[] => [
      message['content'],
      (message['createdAt'] as Date).toISOString(),
    ]);
  };
  const utc = await imported('UTC');
  expect(utc).toEqual([
    ['question', '2024-03-31T02:30:00.000Z'],
    ['answer', '2024-03-31T02:31:00.500Z'],
    ['thanks', '2024-03-31T03:29:00.000Z'],
    ['last', '2024-03-31T03:31:00.000Z'],
  ]);
  expect(await imported('Europe/Berlin')).toEqual(utc);
  const berlin = ['--timezone', 'Europe/Berlin'];
  expect(await imported('America/New_York', ...berlin)).toEqual(await imported('UTC', ...berlin));
});

test('times that do not exist in the zone are counted with examples, and an unknown zone is refused', async () => {
  await using files = await createExportFolder();
  await using world = await createDataWorld();
  await files.table('chats', CHATS);
  await files.table('messages', [
    { id: 1, chat: 'direct_ann_ben', from: 'ann', text: 'skipped', at: '2024-03-31T02:30:00' },
    { id: 2, chat: 'direct_ann_ben', from: 'ben', text: 'plain', at: '2024-06-01T12:00:00' },
  ]);
  const mapping = await files.mapping({ source: 'pg', conversations: CONVERSATIONS, messages: MESSAGES });
  const { code, problems } = await importHere(world, { mapping, timezone: 'Europe/Berlin' });
  expect([code, problems]).toEqual([
    1,
    [expect.stringMatching(/^1 times do not exist.*: messages\.jsonl:1$/)],
  ]);
  await expect(importHere(world, { mapping, timezone: 'Mars/Olympus' })).rejects.toThrow(
    '--timezone: is not a time zone',
  );
});

test('texts are limited as on a server, and an unusable attachment does not drop the text', async () => {
  await using files = await createExportFolder();
  await using world = await createDataWorld();
  const base = { chat: 'direct_ann_ben', from: 'ann' };
  await files.table('chats', CHATS);
  await files.table('messages', [
    { ...base, id: 1, at: minute(1), text: '😀'.repeat(5_000) },
    { ...base, id: 2, at: minute(2), text: '😀'.repeat(8_001) },
    { ...base, id: 3, at: minute(3), text: 'look', url: 'ftp://files/x' },
    { ...base, id: 4, at: minute(4), text: '', url: 'not an address' },
    {
      ...base,
      id: 5,
      at: minute(5),
      text: 'named',
      url: 'https://cdn.example.com/a',
      type: 'image/ not one',
    },
    { ...base, id: 6, at: minute(6), text: 12 },
    { ...base, id: 7, at: minute(7), text: { rich: 'text' }, url: 'https://cdn.example.com/a' },
  ]);
  const mapping = await files.mapping({
    source: 'x',
    conversations: CONVERSATIONS,
    messages: { ...MESSAGES, attachmentUrl: 'url', attachmentType: 'type' },
  });
  const { problems } = await importHere(world, { mapping });
  expect(problems.toSorted()).toEqual([
    'messages.jsonl:2: has a text of more than 8000 characters',
    'messages.jsonl:3: has an attachment without a usable URL; the rest is imported',
    'messages.jsonl:4: has an attachment without a usable URL, and no text',
    'messages.jsonl:5: has an attachment whose mimeType cannot be used; the rest is imported',
    'messages.jsonl:7: has a text that is not a string',
  ]);
  expect(await textsIn(world)).toEqual(['😀'.repeat(5_000), 'look', 'named', '12']);
  await requireValidImport(world);
});

test('types of chats without one are guessed and listed; a constant type and byParticipants are not guesses', async () => {
  await using files = await createExportFolder();
  await files.table('chats', [
    { id: 'a', people: ['ann', 'ben'] },
    { id: 'b', people: ['ann', 'ben', 'cem'] },
    { id: 'c', people: ['ann', 'cem', 'dora'] },
  ]);
  await files.table('messages', [{ id: 1, chat: 'b', from: 'cem', text: 'x', at: minute(1) }]);
  const types = async (type: unknown, directOfOthers = 'report'): Promise<unknown> => {
    await using world = await createDataWorld();
    const mapping = await files.mapping({
      ...{ source: 'x', directOfOthers, messages: MESSAGES },
      conversations: { ...CONVERSATIONS, ...(type !== undefined && { type }) },
    });
    const { problems } = await importHere(world, { mapping });
    const found = await world.connection.collection('conversations').find().toArray();
    return [
      found.map((one) => `${String(one['type'])} ${(one['participants'] as string[]).length}`).sort(),
      problems.map((problem) => problem.replace(/ \(.*/, '')),
    ];
  };
  expect(await types(undefined)).toEqual([
    ['direct 2', 'group 3', 'group 3'],
    [
      '1 conversations have no type and two people: guessed to be chats of two',
      '2 conversations have no type and other than two people: guessed to be groups',
    ],
  ]);
  expect(await types('byParticipants')).toEqual([['direct 2', 'group 3', 'group 3'], []]);
  expect(await types('group')).toEqual([['group 2', 'group 3', 'group 3'], []]);
  expect(await types('direct', 'split')).toEqual([['direct 2', 'direct 3', 'direct 3'], []]);
  expect(await types('direct')).toEqual([
    ['direct 2'],
    [
      'conversation b: is a chat of two with 3 people in it',
      'conversation c: is a chat of two with 3 people in it',
      'conversation b: 1 messages belong to a conversation that could not be read',
    ],
  ]);
  // Without a type, a chat of three may be a group or a damaged chat of two.
  await expect(types(undefined, 'split')).rejects.toThrow(
    /2 conversations with other than two people have no type, and may be groups \(b, c\).*conversations\.type/s,
  );
  await expect(types('byParticipants', 'split')).rejects.toThrow('directOfOthers: has no effect');
  await expect(types('both')).rejects.toThrow(
    'conversations.type: must be "direct", "group", "byParticipants"',
  );
});

test('reads that name only a message and its reader move positions, and lost ones are listed', async () => {
  await using files = await createExportFolder();
  await using world = await createDataWorld();
  await files.table('chats', [...CHATS, { id: 'direct_ann_cem', people: ['ann', 'cem'] }]);
  await files.table('messages', [
    ...[1, 2, 3].map((id) => ({ id, chat: 'direct_ann_ben', from: 'ann', text: `t${id}`, at: minute(id) })),
    { id: 4, chat: 'direct_ann_cem', from: 'cem', text: 't4', at: minute(4) },
  ]);
  await files.table('reads', [
    { messageId: 2, userId: 'ben' },
    { messageId: 1, userId: 'ben' },
    { messageId: 4, userId: 'ann' },
    { messageId: 9, userId: 'ann' },
  ]);
  const reads = { file: 'reads.jsonl', message: 'messageId', user: 'userId' };
  const base = { source: 'x', conversations: CONVERSATIONS, messages: MESSAGES };
  const { problems } = await importHere(world, { mapping: await files.mapping({ ...base, reads }) });
  expect(problems).toEqual(['read of message 9 by ann: the message does not exist']);
  const members = await world.connection.collection('members').find().sort({ userId: 1 }).toArray();
  expect(members.map((one): unknown[] => [one['userId'], one['lastReadSeq']])).toEqual([
    ['ann', 1],
    ['ben', 2],
  ]);
  const wrong = await files.mapping({ ...base, reads: { file: 'reads.jsonl', user: 'userId', at: 'at' } });
  await expect(importHere(world, { mapping: wrong })).rejects.toThrow(
    'reads: give conversation, or message to find it by',
  );
});

test('two chats of one pair that use one id for two messages become one chat with both messages, once', async () => {
  await using files = await createExportFolder();
  await using world = await createDataWorld();
  const said = (chat: string, text: string, at: number) => ({
    id: 1,
    chat,
    from: 'ann',
    text,
    at: minute(at),
  });
  const mapping = await files.mapping({
    ...{ source: 'x', messages: MESSAGES },
    conversations: { ...CONVERSATIONS, type: 'byParticipants' },
  });
  await files.table('chats', [{ id: 'a', people: ['ann', 'ben'] }]);
  await files.table('messages', [said('a', 'first', 1)]);
  await importHere(world, { mapping });
  // A message that was imported under its id alone keeps it.
  await files.table(
    'chats',
    ['a', 'b', 'c', 'd'].map((id) => ({ id, people: ['ben', 'ann'] })),
  );
  await files.table('messages', [
    ...[said('a', 'first', 1), said('b', 'second', 2), said('c', 'third', 3)],
    // An identical message in another chat counts as the same message.
    said('d', 'first', 1),
  ]);
  expect((await importHere(world, { mapping })).counts['messages']).toBe(2);
  expect(await textsIn(world)).toEqual(['first', 'second', 'third']);
  expect(await importHere(world, { mapping })).toMatchObject({ code: 0, counts: {} });
  await requireValidImport(world);
});

/** Generates deletion fields of messages: values that real systems store, and some that are ambiguous. */
const anyDeletion = fc.constantFrom(
  ...[undefined, null, false, 0, '', '0', 'null', 'false', '0000-00-00 00:00:00', 'perhaps', -1],
);
const anyRow = fc.record({
  chat: fc.constantFrom('a', 'b', 'c', 'gone'),
  // Ids are unique only within a chat, and sometimes missing.
  id: fc.constantFrom(1, 2, 3, 4, 5, 6, null),
  from: fc.constantFrom('ann', 'ben', 'eve', null),
  at: fc.constantFrom(minute(1), minute(2), '2024-01-01 00:03:00', 1_704_067_440, 'never', null),
  deletedAt: anyDeletion,
  url: fc.constantFrom(undefined, '', 'https://cdn.example.com/a.jpg', 'nowhere'),
});

test('any rows: the text of every message is in the target, or its row is listed (nothing is dropped silently)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 40 }), async (rows) => {
      await using files = await createExportFolder();
      await using world = await createDataWorld();
      // Two chats of one pair become one, and their ids clash.
      await files.table('chats', [
        { id: 'a', people: ['ann', 'ben'] },
        { id: 'b', people: ['ben', 'ann'] },
        { id: 'c', people: ['ann', 'ben', 'eve'] },
      ]);
      await files.table(
        'messages',
        rows.map((row, index) => ({ ...row, text: `text ${index}` })),
      );
      const mapping = await files.mapping({
        ...{ source: 'x', conversations: { ...CONVERSATIONS, type: 'byParticipants' } },
        messages: { ...MESSAGES, deletedAt: 'deletedAt', attachmentUrl: 'url' },
      });
      const first = await importHere(world, { mapping });
      const texts = new Set(await textsIn(world));
      const missing = rows.filter((_, index) => !texts.has(`text ${index}`));
      for (const row of missing) {
        const where = [
          `messages.jsonl:${rows.indexOf(row) + 1}:`,
          `message:${JSON.stringify([row.chat, String(row.id)])}:`,
          `conversation ${row.chat}, message ${String(row.id)}:`,
          `conversation ${row.chat}: `,
        ];
        const isListed = first.problems.some((problem) => where.some((start) => problem.startsWith(start)));
        expect([row, isListed]).toEqual([row, true]);
      }
      await requireValidImport(world);
      const again = await importHere(world, { mapping });
      expect(again.problems).toEqual(first.problems);
      expect(again.counts['messages']).toBeUndefined();
      await world.connection.dropDatabase();
    }),
    { numRuns: 6, endOnFailure: true },
  );
});
