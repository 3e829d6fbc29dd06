import type { StorageArea } from '../storage.js';
import { assertEqual, readPairs, remove, set } from './assertions.js';
import { openTwice, type ConformanceTest } from './types.js';

const BATCHES = 30;
const KEYS_PER_BATCH = 20;

export const CONCURRENCY_TESTS: readonly ConformanceTest[] = [
  {
    name: 'writes are applied in the order of the calls, without waiting for them',
    run: async ({ createStorage }) => {
      const area = await (await createStorage()).open('ada');
      const writes = Array.from({ length: BATCHES }, (_, index) =>
        area.write([set('meta', 'k', `${index}`)]),
      );
      await Promise.all(writes);
      assertEqual(await readPairs(area, 'meta'), [['k', `${BATCHES - 1}`]], 'the last call counts');
      const last = [area.write([set('meta', 'a', '1')]), area.clear(), area.write([set('meta', 'b', '2')])];
      await Promise.all(last);
      assertEqual(await readPairs(area, 'meta'), [['b', '2']], 'clear takes its turn');
      await area.close();
    },
  },
  {
    name: 'a write is seen as a whole or not at all',
    run: async (tested) => {
      const { first, second } = await openTwice(tested);
      const writer = await first.open('ada');
      const reader = await second.open('ada');
      const progress = { isWriting: true };
      const writing = writeBatches(writer).finally(() => (progress.isWriting = false));
      while (progress.isWriting) {
        const values = new Set((await reader.readAll('messages')).map(({ value }) => value));
        assertEqual(values.size <= 1, true, `a reader saw the values of ${values.size} writes at once`);
        // Reads that never leave the task queue would keep the writer from going on.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await writing;
      assertEqual((await reader.readAll('messages')).length, KEYS_PER_BATCH, 'the last write is complete');
    },
  },
  {
    name: 'two handles write at the same time, and nothing is lost',
    run: async (tested) => {
      const { first, second } = await openTwice(tested);
      const areas = [await first.open('ada'), await second.open('ada')];
      const writes = areas.flatMap((area, handle) =>
        Array.from({ length: BATCHES }, (_, index) =>
          area.write([set('outbox', `${handle}/${index}`, 'v'), set('meta', 'shared', `${handle}`)]),
        ),
      );
      await Promise.all(writes);
      for (const area of areas)
        assertEqual((await area.readAll('outbox')).length, 2 * BATCHES, 'both handles see all entries');
      const [one, other] = areas;
      await one?.write([remove('outbox', '1/0')]);
      const found = await other?.readMany('outbox', ['1/0']);
      assertEqual(found, [], 'what one handle removed, the other does not find');
    },
  },
  {
    name: 'closing waits for writes that are under way',
    run: async (tested) => {
      const { first, second } = await openTwice(tested);
      const area = await first.open('ada');
      const writes = [area.write([set('outbox', '1', 'a')]), area.write([set('outbox', '2', 'b')])];
      await area.close();
      await Promise.all(writes);
      const again = await second.open('ada');
      assertEqual(
        await readPairs(again, 'outbox'),
        [
          ['1', 'a'],
          ['2', 'b'],
        ],
        'nothing is lost by close()',
      );
    },
  },
];

async function writeBatches(area: StorageArea): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch += 1)
    await area.write(
      Array.from({ length: KEYS_PER_BATCH }, (_, key) => set('messages', `${key}`, `${batch}`)),
    );
}
