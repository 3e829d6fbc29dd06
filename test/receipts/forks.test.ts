import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forkOf, forksAbove } from '../../backend/src/models/receiptModel.js';

const END = 5_000;
const range = fc
  .tuple(fc.integer({ min: 1, max: END }), fc.integer({ min: 1, max: END }))
  .map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const)));

test('all ranges that contain a seq are on the path from it to the root', () => {
  fc.assert(
    fc.property(range, fc.integer({ min: 1, max: END }), ([from, to], seq) => {
      const isFound = forksAbove(seq, END).includes(forkOf(from, to));
      if (from <= seq && seq <= to) expect(isFound).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('the path is as long as the tree is high, for every seq', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seq) => {
      expect(forksAbove(seq, 1_000_000).length).toBeLessThanOrEqual(20);
    }),
  );
});

test('a node holds at most one range of a user, because ranges of a user do not overlap', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: END }), { minLength: 1, maxLength: 200 }),
      (ends) => {
        const sorted = ends.toSorted((a, b) => a - b);
        const forks = sorted.map((to, index) => forkOf((sorted[index - 1] ?? 0) + 1, to));
        expect(new Set(forks).size).toBe(forks.length);
      },
    ),
  );
});
