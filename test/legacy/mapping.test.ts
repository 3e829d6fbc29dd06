import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../backend/src/config.js';
import { directIdOf, partnersIn } from '../../backend/src/services/aliases/directIds.js';
import { DEFAULT_MAPPING } from '../../backend/src/socket/legacy/defaultMapping.js';
import { parseLegacyMapping } from '../../backend/src/socket/legacy/mapping.js';
import { importMapping } from '../../scripts/data/import/mapping.js';
import type { UserId } from '../../contract/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-mapping-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = async (content: string): Promise<string> => {
  const file = join(folder, 'mapping.json');
  await writeFile(file, content);
  try {
    readConfig({ NODE_ENV: 'test', LEGACY_EVENTS: 'true', LEGACY_MAPPING: file });
    return 'started';
  } catch (error) {
    return (error as Error).message.replace(file, 'FILE');
  }
};
const errors = { event: 'oops', fields: { code: 'code' } };
const mapping = (more: object): string => JSON.stringify({ commands: {}, pushes: {}, errors, ...more });

test('the example in the documentation equals the default mapping', async () => {
  const example: unknown = JSON.parse(await readFile('docs/examples/legacy-mapping.json', 'utf8'));
  expect(example).toEqual(DEFAULT_MAPPING);
});

test('an invalid mapping stops the start with a sentence that names the variable and the position', async () => {
  expect(await start(mapping({}))).toBe('started');
  expect(await start('{')).toMatch(/^LEGACY_MAPPING: FILE: is not valid JSON/);
  expect(await start(mapping({ comands: {} }))).toBe(
    'LEGACY_MAPPING: FILE: the file: Unrecognized key: "comands".',
  );
  const command = (rule: object): Promise<string> => start(mapping({ commands: { send: rule } }));
  expect(await command({ command: 'sendMesage', payload: {} })).toMatch(
    /^LEGACY_MAPPING: FILE: commands\.send\.command: Invalid option/,
  );
  expect(await command({ command: 'sendMessage', payload: { text: 'text' } })).toBe(
    'LEGACY_MAPPING: FILE: commands.send.payload.text: is not a field of sendMessage.',
  );
  expect(await command({ command: 'sendMessage', payload: { content: 'a..b' } })).toMatch(
    /commands\.send\.payload\.content: must be a path/,
  );
  expect(await start(mapping({ commands: { connect: { command: 'sync', payload: {} } } }))).toMatch(
    /commands\.connect: .*(reserved by Socket\.IO|Invalid key)/,
  );
  expect(await start(mapping({ pushes: { 'message:new': { event: 'm' } } }))).toMatch(
    /pushes\.message:new: give either fields or arguments/,
  );
  expect(() => readConfig({ LEGACY_EVENTS: 'true', LEGACY_MAPPING: '/nowhere.json' })).toThrow(
    /^LEGACY_MAPPING: \/nowhere\.json cannot be read/,
  );
});

const jsonIn = (page: string): string[] =>
  [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block = '']) => block);

test('every mapping in the documentation is valid', async () => {
  const pages = await Promise.all(
    ['docs/legacy-clients.md', 'docs/operations/moving-from.md'].map((page) => readFile(page, 'utf8')),
  );
  const [clients = [], moving = []] = pages.map(jsonIn);
  expect([clients.length, moving.length]).toEqual([1, 4]);
  for (const block of clients) expect(typeof parseLegacyMapping(block)).toBe('object');
  for (const block of moving) expect(importMapping.safeParse(JSON.parse(block)).error).toBeUndefined();
});

test('the mapping is not read while LEGACY_EVENTS is off', () => {
  expect(readConfig({ NODE_ENV: 'test', LEGACY_MAPPING: '/nowhere.json' }).LEGACY).toBeUndefined();
});

const form = { prefix: 'direct_', separator: '_', sorted: false };
const cut = (id: string, caller: string, sorted = false): string[] =>
  partnersIn(id, caller as UserId, { ...form, sorted });

test('an id of two users is split in every way that contains the caller, and in no other', () => {
  expect(cut('direct_a_b', 'a')).toEqual(['b']);
  expect(cut('direct_a_b', 'b')).toEqual(['a']);
  expect(cut('direct_a_b', 'c')).toEqual([]);
  expect(cut('direct_a_b_c', 'a')).toEqual(['b_c']);
  expect(cut('direct_a_b_c', 'c')).toEqual(['a_b']);
  expect(cut('direct_a_b_c', 'b')).toEqual([]);
  expect(cut('direct_a_b_a', 'a')).toEqual(['b_a', 'a_b']);
  expect(cut('direct_a_b_a', 'a', true)).toEqual(['b_a']);
  expect(cut('direct_a_a', 'a')).toEqual([]);
  expect(cut('direct_a_', 'a')).toEqual([]);
  expect(cut('group_a_b', 'a')).toEqual([]);
});

test('a derived id of a chat is always unambiguous, or is not derived', () => {
  const ids = ['a', 'b', 'a_b', 'b_a', 'a_b_a', '_', 'a_', '_a', 'a__b', 'direct_a'] as UserId[];
  for (const me of ids) {
    for (const other of ids.filter((one) => one !== me)) {
      const oldId = directIdOf(me, other, form);
      if (oldId !== undefined) expect(cut(oldId, me)).toEqual([other]);
    }
  }
});
