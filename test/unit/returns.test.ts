import { expect, test } from 'vitest';
import { planReturns } from '../../backend/src/shutdown.js';

/** Returns the highest number of reconnects within one second. */
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
  '%i clients reconnect over a time that allows at most 1,000 per second',
  (count) => {
    const returns = planReturns(count);
    expect(returns).toHaveLength(count);
    // Two neighbours may meet at the edges of their slots.
    expect(peakPerSecond(returns)).toBeLessThanOrEqual(1_002);
  },
);

test('a few clients are spread as well, and none waits longer than half a minute', () => {
  const few = planReturns(10);
  expect(Math.max(...few) - Math.min(...few)).toBeGreaterThan(2_000);
  for (const count of [1, 10, 40_000]) {
    const returns = planReturns(count);
    expect(Math.min(...returns)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...returns)).toBeLessThanOrEqual(30_500);
  }
  expect(planReturns(0)).toEqual([]);
});
