import { beforeEach, afterEach, expect, test, vi } from 'vitest';
import { ChangePoll, DatabaseTime } from '../../backend/src/services/runtime/index.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A poll of changes that the test answers, and what it has learned. */
async function start() {
  const learned: string[] = [];
  const find = vi.fn((_since: Date): Promise<string[]> => Promise.resolve([]));
  const poll = new ChangePoll<string>({
    ...{ time: new DatabaseTime(), markOf: ({ users }) => users, find },
    ...{ learn: (changes) => void learned.push(...changes), refusal: 'down' },
  });
  await poll.start();
  const look = (users: number): void =>
    poll.noteLook({
      marks: { users, blocks: 0, processes: 0, apiKeys: 0, webhooks: 0 },
      startedMs: performance.now(),
    });
  look(1);
  await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(2));
  find.mockClear();
  return { poll, find, learned, look };
}

test('while the mark is unchanged nothing is read, and the data stays fresh', async () => {
  const { poll, find, look } = await start();
  for (let count = 0; count < 10; count += 1) {
    vi.advanceTimersByTime(850);
    look(1);
    expect(poll.isFresh()).toBe(true);
  }
  await poll.ensureFresh();
  expect(find).not.toHaveBeenCalled();
});

test('a new mark makes it read what changed since the last read, however long ago that was', async () => {
  const { find, learned, look } = await start();
  const readAtMs = Date.now();
  for (let count = 0; count < 20; count += 1) {
    vi.advanceTimersByTime(850);
    look(1);
  }
  find.mockResolvedValueOnce(['renamed']);
  look(2);
  await vi.waitFor(() => expect(learned).toEqual(['renamed']));
  expect(find.mock.calls[0]?.[0].getTime()).toBeLessThan(readAtMs);
});

test('a read that fails is repeated at the next look, and the data is not fresh meanwhile', async () => {
  const { poll, find, learned, look } = await start();
  vi.advanceTimersByTime(1_000);
  find.mockRejectedValueOnce(new Error('down'));
  look(2);
  await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(1));
  expect(poll.isFresh()).toBe(false);
  find.mockResolvedValueOnce(['blocked']);
  look(2);
  await vi.waitFor(() => expect(learned).toEqual(['blocked']));
  expect(poll.isFresh()).toBe(true);
});

test('without looks the data is stale after a second, and the next use reads it', async () => {
  const { poll, find } = await start();
  vi.advanceTimersByTime(1_000);
  expect(poll.isFresh()).toBe(false);
  await poll.ensureFresh();
  expect(find).toHaveBeenCalledTimes(1);
});

test('changes without a mark, as by hand in the database, are found within a minute', async () => {
  const { find, look } = await start();
  vi.advanceTimersByTime(60_000);
  look(1);
  await vi.waitFor(() => expect(find).toHaveBeenCalledTimes(1));
});
