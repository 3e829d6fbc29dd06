import { expect, test } from 'vitest';
import { BatchLoader } from '../../backend/src/utils/batchLoader.js';

interface Fact {
  key: number;
  text: string;
}

/** Creates a loader over changeable facts that records its queries. */
function createLoader(facts: Fact[]) {
  const asked: number[][] = [];
  const loader = new BatchLoader<number, Fact>(
    async (keys) => {
      asked.push([...keys]);
      const found = facts.filter(({ key }) => keys.includes(key));
      await new Promise((resolve) => setTimeout(resolve, 5));
      return found;
    },
    ({ key }) => [key],
  );
  return { asked, loader };
}

const factsOf = (...keys: number[]): Fact[] =>
  keys.flatMap((key) => ['a', 'b'].map((name) => ({ key, text: `${key}${name}` })));

test('lookups of one turn are sent together, and each caller gets its own result', async () => {
  const { asked, loader } = createLoader(factsOf(1, 2, 3));
  const [one, both, none] = await Promise.all([loader.load([1]), loader.load([2, 1]), loader.load([9])]);
  expect(one.map(({ text }) => text)).toEqual(['1a', '1b']);
  expect(both.map(({ text }) => text)).toEqual(['2a', '2b', '1a', '1b']);
  expect(none).toEqual([]);
  expect(await loader.load([])).toEqual([]);
  expect(asked).toEqual([[1, 2, 9]]);
});

test('a lookup finds everything written before it, also while other lookups are in progress', async () => {
  const facts = factsOf(1);
  const { asked, loader } = createLoader(facts);
  const early = Array.from({ length: 10 }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, index));
    facts.push({ key: 100 + index, text: 'new' });
    return loader.load([100 + index]);
  });
  for (const found of await Promise.all(early)) expect(found).toHaveLength(1);
  expect(asked.length).toBeLessThanOrEqual(10);
});

test('a long list is split, a value with two keys is returned once, and a failure reaches only its callers', async () => {
  const { asked, loader } = createLoader(factsOf(...Array.from({ length: 1_200 }, (_, key) => key)));
  expect(await loader.load(Array.from({ length: 1_200 }, (_, key) => key))).toHaveLength(2_400);
  expect(asked.map((keys) => keys.length)).toEqual([500, 500, 200]);
  const shared = new BatchLoader<number, Fact>(
    () => Promise.resolve([{ key: 1, text: 'of both' }]),
    () => [1, 2],
  );
  expect(await shared.load([1, 2])).toHaveLength(1);
  let isBroken = true;
  const broken = new BatchLoader<number, Fact>(
    () => (isBroken ? Promise.reject(new Error('away')) : Promise.resolve(factsOf(1))),
    ({ key }) => [key],
  );
  await expect(Promise.all([broken.load([1]), broken.load([2])])).rejects.toThrow('away');
  isBroken = false;
  expect(await broken.load([1])).toHaveLength(2);
});
