import { assertEqual, COLLECTIONS, pairsOf, readPairs, remove, set } from './assertions.js';
import type { ConformanceTest } from './types.js';
import { openTwice } from './types.js';

/** Keys that are compared differently by UTF-8 bytes, by locale, by case, as numbers or as patterns. */
const ODD_KEYS = [
  '',
  ' ',
  '!',
  '"quoted"',
  '%',
  "'; DROP TABLE parley_entries; --",
  '/',
  '//',
  '0',
  '00000000000000000002/a',
  '00000000000000000010/a',
  '10',
  '2',
  'A',
  'Z',
  '[1]',
  '\\',
  '__proto__',
  'a',
  'a/b',
  'a/b/',
  'constructor',
  '\u00E9',
  'e\u0301',
  '\u{1F600}',
  '\uFF5E',
  'x'.repeat(1_000),
];

export const VALUE_TESTS: readonly ConformanceTest[] = [
  {
    name: 'a new area is empty',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      for (const collection of COLLECTIONS)
        assertEqual(await area.readAll(collection), [], `readAll('${collection}') of a new area is empty`);
      assertEqual(await area.readMany('messages', ['a', 'b']), [], 'readMany leaves out missing keys');
      await area.close();
    },
  },
  {
    name: 'values are set, replaced and removed',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      await area.write([
        set('meta', 'a', '1'),
        set('meta', 'b', ''),
        set('outbox', 'a', 'another collection'),
      ]);
      assertEqual(
        await readPairs(area, 'meta'),
        [
          ['a', '1'],
          ['b', ''],
        ],
        'write sets values, also empty ones',
      );
      await area.write([set('meta', 'a', '2'), remove('meta', 'b'), remove('meta', 'missing')]);
      assertEqual(await readPairs(area, 'meta'), [['a', '2']], 'write replaces and removes');
      assertEqual(await readPairs(area, 'outbox'), [['a', 'another collection']], 'collections are separate');
      await area.write([]);
      await area.close();
    },
  },
  {
    name: 'the last of several writes to one key counts',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      await area.write([
        set('meta', 'a', '1'),
        set('meta', 'a', '2'),
        set('meta', 'b', '1'),
        remove('meta', 'b'),
      ]);
      assertEqual(await readPairs(area, 'meta'), [['a', '2']], 'one write applies its entries in order');
      await area.write([remove('meta', 'a'), set('meta', 'a', '3')]);
      assertEqual(await readPairs(area, 'meta'), [['a', '3']], 'a removed key can be set in the same write');
      await area.close();
    },
  },
  {
    name: 'keys of any form are kept, in ascending order of their UTF-16 code units',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      const expected = [...ODD_KEYS].sort().map((key) => [key, `value of ${key}`]);
      await area.write([...ODD_KEYS].reverse().map((key) => set('messages', key, `value of ${key}`)));
      assertEqual(await readPairs(area, 'messages'), expected, 'readAll returns all keys in order');
      const many = pairsOf(await area.readMany('messages', [...ODD_KEYS, 'missing']));
      assertEqual(
        many.sort(([one], [other]) => (one < other ? -1 : 1)),
        expected,
        'readMany finds all keys',
      );
      await area.write(ODD_KEYS.map((key) => remove('messages', key)));
      assertEqual(await readPairs(area, 'messages'), [], 'all keys can be removed');
      await area.close();
    },
  },
  {
    name: 'values of any form are returned as they were',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      const values = [
        '',
        'null',
        '{"a":[1,"\\u0000"]}',
        "it's; --",
        '😀 \uFF5E \u00E9 e\u0301',
        '\n\r\t',
        '1e3',
        'true',
        '00',
      ];
      await area.write(values.map((value, index) => set('meta', `${index}`, value)));
      const expected = values.map((value, index) => [`${index}`, value]);
      assertEqual(await readPairs(area, 'meta'), expected, 'values are text and are not interpreted');
      await area.close();
    },
  },
  {
    name: 'values are there after closing and opening again',
    run: async (tested) => {
      const { first, second } = await openTwice(tested);
      const area = await first.open('ada');
      await area.write([set('outbox', '1', 'hello'), set('meta', 'cursor', 'c')]);
      await area.close();
      for (const storage of [first, second]) {
        const again = await storage.open('ada');
        assertEqual(await readPairs(again, 'outbox'), [['1', 'hello']], 'close keeps values');
        assertEqual(await readPairs(again, 'meta'), [['cursor', 'c']], 'close keeps values');
        await again.close();
      }
    },
  },
  {
    name: 'clear removes the named collections, or all',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      await area.write(COLLECTIONS.map((collection) => set(collection, 'k', collection)));
      await area.clear(['messages', 'meta']);
      await area.clear([]);
      const left = await Promise.all(COLLECTIONS.map((collection) => area.readAll(collection)));
      assertEqual(
        left.flat().map(({ value }) => value),
        ['outbox', 'conversations', 'uploads'],
        'clear(collections) removes those and no others',
      );
      await area.clear();
      const all = await Promise.all(COLLECTIONS.map((collection) => area.readAll(collection)));
      assertEqual(all.flat(), [], 'clear() removes everything');
      await area.write([set('meta', 'a', '1')]);
      assertEqual(await readPairs(area, 'meta'), [['a', '1']], 'an area is usable after clear()');
      await area.close();
    },
  },
];
