import { beforeEach, afterEach, expect, test, vi } from 'vitest';
import { DatabaseTime } from '../../backend/src/services/runtime/index.js';

const START = Date.UTC(2026, 0, 1);

beforeEach(() => void vi.useFakeTimers({ now: START, toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A time as the database stated it `tookMs / 2` ago, when its clock was `aheadMs` ahead of this machine’s. */
const observe = (time: DatabaseTime, { aheadMs, tookMs }: { aheadMs: number; tookMs: number }): void => {
  const answeredMs = performance.now();
  time.observe(new Date(Date.now() - tookMs / 2 + aheadMs), answeredMs - tookMs, answeredMs);
};
const aheadMs = (time: DatabaseTime): number => Math.round(time.nowMs() - Date.now());

test('is the time of this machine until the database has stated one', () => {
  const time = new DatabaseTime();
  expect(aheadMs(time)).toBe(0);
  observe(time, { aheadMs: 5_000, tookMs: 4 });
  expect(aheadMs(time)).toBe(5_000);
});

test('a late answer does not replace a quick one, which says more', () => {
  const time = new DatabaseTime();
  observe(time, { aheadMs: 5_000, tookMs: 4 });
  vi.advanceTimersByTime(1_000);
  observe(time, { aheadMs: 5_150, tookMs: 400 });
  expect(aheadMs(time)).toBe(5_000);
  // Clocks drift: after a while the quick one says less.
  vi.advanceTimersByTime(600_000);
  observe(time, { aheadMs: 5_150, tookMs: 400 });
  expect(aheadMs(time)).toBe(5_150);
});

test('never goes backwards: a correction holds it until it has been caught up with', () => {
  const time = new DatabaseTime();
  observe(time, { aheadMs: 200, tookMs: 600 });
  const before = time.nowMs();
  vi.advanceTimersByTime(10);
  observe(time, { aheadMs: 0, tookMs: 2 });
  expect(time.nowMs()).toBe(before);
  vi.advanceTimersByTime(300);
  expect(aheadMs(time)).toBe(0);
});

test('follows a database whose clock was set, also back', () => {
  const time = new DatabaseTime();
  observe(time, { aheadMs: 0, tookMs: 2 });
  vi.advanceTimersByTime(1_000);
  expect(aheadMs(time)).toBe(0);
  observe(time, { aheadMs: -60_000, tookMs: 50 });
  expect(aheadMs(time)).toBe(-60_000);
});

test('does not follow the clock of this machine when that is set', () => {
  const time = new DatabaseTime();
  observe(time, { aheadMs: 0, tookMs: 2 });
  vi.setSystemTime(START + 3_600_000);
  expect(time.nowMs() - START).toBeLessThan(1_000);
});
