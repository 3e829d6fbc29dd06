import { expect, test } from 'vitest';
import type { BucketName, UserId } from '../../contract/index.js';
import { UserWork } from '../../backend/src/pipeline/userWork.js';
import { withoutReadDeadline, remainingReadMs } from '../../backend/src/utils/readDeadline.js';
import { BatchLoader } from '../../backend/src/utils/batchLoader.js';
import { monotonicMs } from '../../backend/src/utils/clock.js';

const EVE = 'eve' as UserId;
const BOB = 'bob' as UserId;
const inAnHour = (): number => monotonicMs() + 3_600_000;

/** Runs a command in turn, as Eve by default. */
async function run<T>(
  work: UserWork,
  command: () => Promise<T>,
  how: { userId?: UserId; bucket?: BucketName; endsAtMs?: number } = {},
): Promise<T> {
  const { userId = EVE, bucket = 'read', endsAtMs = inAnHour() } = how;
  const { inTurn, leave } = work.enter(userId, endsAtMs);
  try {
    return await inTurn(bucket, command);
  } finally {
    leave();
  }
}

/** Creates a command that runs until it is ended. */
function createCommand() {
  const state = { isRunning: false };
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = async (): Promise<void> => {
    state.isRunning = true;
    await ended;
  };
  return { state, run, end };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a limited number of commands of a user run at a time, the others in the order of arrival', async () => {
  const work = new UserWork({ maxUnderWay: 10, maxRunning: 2 });
  const commands = Array.from({ length: 5 }, createCommand);
  const all = commands.map((one) => run(work, one.run));
  const running = () => commands.map(({ state }) => state.isRunning);
  await turn();
  expect(running()).toEqual([true, true, false, false, false]);
  commands[1]?.end();
  await turn();
  expect(running()).toEqual([true, true, true, false, false]);
  for (const { end } of commands) end();
  await Promise.all(all);
  expect(running()).not.toContain(false);
});

test('beyond the limit a user is refused, others are not, and a completed command frees capacity', async () => {
  const work = new UserWork({ maxUnderWay: 3, maxRunning: 2 });
  const commands = Array.from({ length: 3 }, createCommand);
  const all = commands.map((one) => run(work, one.run));
  const more = () => Promise.resolve('done');
  await expect(run(work, more)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(await run(work, more, { userId: BOB })).toBe('done');
  for (const { end } of commands) end();
  await Promise.all(all);
  expect(await run(work, more)).toBe('done');
});

test('sends, receipts, typing and renewals do not wait behind queued commands', async () => {
  const work = new UserWork({ maxUnderWay: 10, maxRunning: 1 });
  const list = createCommand();
  const listing = run(work, list.run);
  for (const bucket of ['send', 'receipt', 'typing', 'session'] as const) {
    expect(await run(work, () => Promise.resolve(bucket), { bucket })).toBe(bucket);
  }
  list.end();
  await listing;
});

test('a command whose turn comes after its timeout never starts', async () => {
  const work = new UserWork({ maxUnderWay: 10, maxRunning: 1 });
  const first = createCommand();
  const second = createCommand();
  const running = run(work, first.run, { bucket: 'open' });
  const late = run(work, second.run, { bucket: 'open', endsAtMs: monotonicMs() });
  first.end();
  await running;
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(second.state.isRunning).toBe(false);
  expect(await run(work, () => Promise.resolve('next'))).toBe('next');
});

test('a command that fails frees its capacity', async () => {
  const work = new UserWork({ maxUnderWay: 1, maxRunning: 1 });
  const failing = () => Promise.reject(new Error('failed'));
  await expect(run(work, failing)).rejects.toThrow('failed');
  await expect(run(work, failing)).rejects.toThrow('failed');
});

test('reads end at the time limit of their answer; writes and shared work do not', async () => {
  const work = new UserWork({ maxUnderWay: 10, maxRunning: 10 });
  const found: (number | undefined)[] = [];
  const loader = new BatchLoader<string, string>(
    (keys) => {
      found.push(remainingReadMs());
      return Promise.resolve(keys);
    },
    (key) => [key],
  );
  const soon = monotonicMs() + 200;
  const command = async (): Promise<void> => {
    expect(remainingReadMs()).toBeGreaterThan(0);
    expect(remainingReadMs()).toBeLessThanOrEqual(200);
    expect(withoutReadDeadline(remainingReadMs)).toBeUndefined();
    await loader.load(['a']);
    while (monotonicMs() < soon) await turn();
    expect(() => remainingReadMs()).toThrow('took too long');
    await expect(loader.load(['b'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  };
  await run(work, command, { endsAtMs: soon });
  await run(work, () => Promise.resolve(found.push(remainingReadMs())), { bucket: 'open' });
  expect(found).toEqual([undefined, undefined]);
});
