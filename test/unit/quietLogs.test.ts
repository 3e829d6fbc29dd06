import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { QuietLogs } from '../../backend/src/services/runtime/quietLogs.js';

/** Longer than a look may be behind the newest entry, and shorter than the time after which logs are looked at anyway. */
const FOUND_AFTER_MS = 5_000;

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

function follow() {
  const state = { endedMs: performance.now(), isAlone: true };
  const logs = new QuietLogs({
    ownWrites: { lastEndMs: () => state.endedMs },
    isAlone: () => state.isAlone,
  });
  return {
    state,
    write: () => Object.assign(state, { endedMs: performance.now() }),
    /** A look that finds nothing, this long after what was done before. */
    lookAfter: (delayMs: number): boolean => {
      vi.advanceTimersByTime(delayMs);
      logs.beginLook();
      logs.noteNothing();
      return logs.areQuiet();
    },
    areQuiet: () => logs.areQuiet(),
  };
}

test('a look directly after a write may not see it yet: the logs are quiet only after a later one', () => {
  const { write, lookAfter, areQuiet } = follow();
  expect(lookAfter(FOUND_AFTER_MS)).toBe(true);
  write();
  expect(areQuiet()).toBe(false);
  expect(lookAfter(10)).toBe(false);
  expect(lookAfter(FOUND_AFTER_MS - 11)).toBe(false);
  expect(lookAfter(1)).toBe(true);
});

test('the entries of a process that has just ended may not be found yet, either', () => {
  const { state, lookAfter } = follow();
  state.isAlone = false;
  expect(lookAfter(60_000)).toBe(false);
  state.isAlone = true;
  expect(lookAfter(10)).toBe(false);
  expect(lookAfter(FOUND_AFTER_MS)).toBe(true);
  state.isAlone = false;
  expect(lookAfter(0)).toBe(false);
});

test('after ten seconds the logs are looked at, whatever is known', () => {
  const { lookAfter, areQuiet } = follow();
  expect(lookAfter(FOUND_AFTER_MS)).toBe(true);
  vi.advanceTimersByTime(9_999);
  expect(areQuiet()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(areQuiet()).toBe(false);
});
