import { expect, test } from 'vitest';
import { planReturns } from '../../backend/src/shutdown.js';

/** The most that come back within any second. */
function peakPerSecond(returns: readonly number[]): number {
  const sorted = returns.toSorted((a, b) => a - b);
  let first = 0;
  let peak = 0;
  for (const [index, afterMs] of sorted.entries()) {
    while ((sorted[first] ?? 0) <= afterMs - 1_000) first += 1;
    peak = Math.max(peak, index - first + 1);
  }
  return peak;
}

test.each([4_000, 10_000, 30_000])(
  '%i clients come back over a time that lets no more than 1,000 in a second',
  (count) => {
    const returns = planReturns(count);
    expect(returns).toHaveLength(count);
    // Two neighbours may meet at the edges of their slots.
    expect(peakPerSecond(returns)).toBeLessThanOrEqual(1_002);
  },
);

test('a few are spread as well, and nobody waits longer than half a minute', () => {
  const few = planReturns(10);
  expect(Math.max(...few) - Math.min(...few)).toBeGreaterThan(2_000);
  for (const count of [1, 10, 40_000]) {
    const returns = planReturns(count);
    expect(Math.min(...returns)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...returns)).toBeLessThanOrEqual(30_500);
  }
  expect(planReturns(0)).toEqual([]);
});
