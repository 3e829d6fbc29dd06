import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { firstIdAt, newMessageId, timeOfId } from '../../backend/src/models/objectIds.js';
import { findSecret } from '../../backend/src/secret.js';
import { Backoff } from '../../backend/src/utils/backoff.js';
import { SharedDeadline, withDeadline } from '../../backend/src/utils/deadline.js';
import { TickBatcher } from '../../backend/src/utils/tickBatcher.js';

afterEach(() => void vi.useRealTimers());

test('items of one turn are batched, and those of the next turn in another batch', async () => {
  const runs: number[][] = [];
  const batcher = new TickBatcher<number>((items) => {
    runs.push([...items]);
    return Promise.resolve();
  });
  await Promise.all([batcher.add([1, 2]), batcher.add([3]), batcher.add([])]);
  await batcher.add([4]);
  expect(runs).toEqual([[1, 2, 3], [4]]);
});

test('a batch that fails fails for all its callers, and not for the next', async () => {
  let broken = true;
  const batcher = new TickBatcher<number>(() =>
    broken ? Promise.reject(new Error('no')) : Promise.resolve(),
  );
  const results = await Promise.allSettled([batcher.add([1]), batcher.add([2])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  await expect(batcher.add([3])).resolves.toBeUndefined();
});

test('delays double up to a limit, with a fifth of jitter, and start again after a success', () => {
  const backoff = new Backoff(100, 350);
  for (const base of [100, 200, 350, 350]) {
    const waitMs = backoff.next();
    expect(waitMs).toBeGreaterThanOrEqual(base * 0.8);
    expect(waitMs).toBeLessThanOrEqual(base * 1.2);
  }
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(120);
});

test('a deadline passes results in time on, and replaces late ones', async () => {
  const late = (): Error => new Error('late');
  await expect(withDeadline(Promise.resolve(7), 1_000, late)).resolves.toBe(7);
  await expect(withDeadline(Promise.reject(new Error('broken')), 1_000, late)).rejects.toThrow('broken');
  await expect(withDeadline(new Promise(() => undefined), 5, late)).rejects.toThrow('late');
});

test('a shared deadline ends each wait at its own time, and ignores those that end earlier', async () => {
  // With a real clock, a machine that stalls ends both at once.
  vi.useFakeTimers();
  const deadline = new SharedDeadline(40);
  const late = (): Error => new Error('late');
  const never = new Promise<never>(() => undefined);
  const ended: string[] = [];
  const note = (name: string) => (error: unknown) => void ended.push(`${name} ${String(error)}`);
  const first = deadline.race(never, late).catch(note('first'));
  await expect(deadline.race(Promise.resolve(7), late)).resolves.toBe(7);
  await expect(deadline.race(Promise.reject(new Error('broken')), late)).rejects.toThrow('broken');
  await vi.advanceTimersByTimeAsync(15);
  const second = deadline.race(never, late).catch(note('second'));
  await vi.advanceTimersByTimeAsync(24);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await first;
  expect(ended).toEqual(['first Error: late']);
  await vi.advanceTimersByTimeAsync(14);
  expect(ended).toEqual(['first Error: late']);
  await vi.advanceTimersByTimeAsync(1);
  await second;
  expect(ended).toEqual(['first Error: late', 'second Error: late']);
  const third = expect(deadline.race(never, late)).rejects.toThrow('late');
  await vi.advanceTimersByTimeAsync(40);
  await third;
});

test('later ids of a process sort higher, and the first id of a second sorts before all its ids', () => {
  const ids = Array.from({ length: 1_000 }, newMessageId);
  expect(ids.toSorted()).toEqual(ids);
  const [first = ''] = ids;
  expect(firstIdAt(timeOfId(first)) <= first).toBe(true);
  expect(firstIdAt(-1)).toBe('0'.repeat(24));
});

test('servers that start at once on one folder agree on one secret, which outlives them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-secret-'));
  try {
    const config = { JWT_SECRET: undefined, DATA_DIR: join(folder, 'data') };
    const secrets = await Promise.all(Array.from({ length: 10 }, () => findSecret(config)));
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]?.length).toBeGreaterThanOrEqual(32);
    expect(await findSecret(config)).toBe(secrets[0]);
    const file = join(config.DATA_DIR, 'jwt-secret');
    expect(await readFile(file, 'utf8')).toBe(secrets[0]);
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(await readdir(config.DATA_DIR)).toEqual(['jwt-secret']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a configured secret is used unchanged, and nothing is written', async () => {
  const config = { JWT_SECRET: 'mine', DATA_DIR: join(tmpdir(), 'parley-never-made') };
  expect(await findSecret(config)).toBe('mine');
  await expect(stat(config.DATA_DIR)).rejects.toThrow();
});
