import { assertEqual, readPairs, set } from './assertions.js';
import { openTwice, type ConformanceTest } from './types.js';

/** Ids that look like parts, patterns or prefixes of each other. */
const ODD_USER_IDS = [
  '',
  '@device',
  'a',
  'A',
  'a/',
  'a/b',
  'a:b',
  'a_',
  'ab',
  'a%',
  '%',
  '*',
  '__proto__',
  '😀',
  '\u00E4',
  'a\u0308',
  `u${'x'.repeat(999)}`,
  `u${'x'.repeat(998)}y`,
];

export const SEPARATION_TESTS: readonly ConformanceTest[] = [
  {
    name: 'users never see each other, whatever their ids',
    run: async ({ createStorage }) => {
      const storage = await createStorage();
      const areas = [];
      for (const userId of ODD_USER_IDS) areas.push({ userId, area: await storage.open(userId) });
      for (const { userId, area } of areas)
        await area.write([set('outbox', 'k', userId), set('meta', userId, 'mine')]);
      for (const { userId, area } of areas) {
        assertEqual(
          await readPairs(area, 'outbox'),
          [['k', userId]],
          `user '${userId}' sees their own value`,
        );
        assertEqual(
          await readPairs(area, 'meta'),
          [[userId, 'mine']],
          `user '${userId}' sees their own keys only`,
        );
      }
      assertEqual(await sortedIds(storage), [...ODD_USER_IDS].sort(), 'listUserIds names all users');
      const [cleared, ...others] = areas;
      await cleared?.area.clear();
      for (const { userId, area } of others)
        assertEqual(await readPairs(area, 'outbox'), [['k', userId]], 'clear() spares other users');
    },
  },
  {
    name: 'listUserIds names users with values only',
    run: async (tested) => {
      const { first, second } = await openTwice(tested);
      assertEqual(await first.listUserIds(), [], 'a new storage has no users');
      const ada = await first.open('ada');
      const bob = await first.open('bob');
      assertEqual(await first.listUserIds(), [], 'open alone stores nothing that is listed');
      await ada.write([set('outbox', 'k', 'v')]);
      await bob.write([set('messages', 'k', 'v')]);
      assertEqual(await sortedIds(first), ['ada', 'bob'], 'users with a value are listed');
      assertEqual(await sortedIds(second), ['ada', 'bob'], 'another handle lists them, too');
      await ada.clear();
      assertEqual(await sortedIds(second), ['bob'], 'a cleared user is not listed');
      await ada.close();
      await bob.close();
    },
  },
];

const sortedIds = async (storage: { listUserIds: () => Promise<string[]> }): Promise<string[]> =>
  [...(await storage.listUserIds())].sort();
