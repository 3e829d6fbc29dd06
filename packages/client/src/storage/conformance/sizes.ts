import { assertEqual, readPairs, set } from './assertions.js';
import type { ConformanceTest } from './types.js';

const MANY = 10_000;
const BIG_CHARS = 1_000_000;

export const SIZE_TESTS: readonly ConformanceTest[] = [
  {
    name: 'a value of a million characters is kept',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      const big = 'é😀/"'.repeat(BIG_CHARS / 5);
      await area.write([set('uploads', 'big', big), set('uploads', 'small', 's')]);
      assertEqual(
        await readPairs(area, 'uploads'),
        [
          ['big', big],
          ['small', 's'],
        ],
        'big values are kept whole',
      );
      await area.close();
    },
  },
  {
    name: 'ten thousand entries are written at once and read in order',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      const keys = Array.from({ length: MANY }, (_, index) => `c/${String(index).padStart(6, '0')}`);
      await area.write(keys.map((key) => set('messages', key, `{"text":"${key}"}`)));
      const read = await area.readAll('messages');
      assertEqual(
        read.map(({ key }) => key),
        keys,
        'all keys are read in order',
      );
      const some = keys.filter((_, index) => index % 10 === 0);
      assertEqual(
        (await area.readMany('messages', some)).length,
        some.length,
        'readMany finds a thousand keys',
      );
      await area.clear(['messages']);
      assertEqual(await area.readAll('messages'), [], 'all are removed');
      await area.close();
    },
  },
];
