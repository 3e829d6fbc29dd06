import { expect, test } from 'vitest';
import { remainingReadMs, withReadDeadline } from '../../backend/src/utils/readDeadline.js';
import { monotonicMs } from '../../backend/src/utils/clock.js';
import { createDeferred, type Deferred } from '../../backend/src/utils/deferred.js';
import { WriteBehind, type WriteBehindDeps } from '../../backend/src/utils/writeBehind.js';

type Batch = [string, number][];

/** A queue whose writes end when the test says so. `writes` holds the batches in the order of their writes. */
function createQueue(options: Partial<WriteBehindDeps<string, number>> = {}) {
  const writes: { batch: Batch; end: Deferred<void> }[] = [];
  const failures: unknown[] = [];
  let onWrite: Deferred<void> = createDeferred();
  const queue = new WriteBehind<string, number>({
    write: (batch) => {
      const end: Deferred<void> = createDeferred();
      writes.push({ batch: [...batch], end });
      onWrite.resolve();
      return end.promise;
    },
    onFailure: (error) => failures.push(error),
    maxBatch: 10,
    ...options,
  });
  /** Resolves with the write of this number, counted from 0, once it has begun. */
  const write = async (index: number) => {
    for (;;) {
      const found = writes[index];
      if (found !== undefined) return found;
      onWrite = createDeferred();
      await onWrite.promise;
    }
  };
  return { queue, write, failures, batches: (): Batch[] => writes.map(({ batch }) => batch) };
}

/** A queue whose writes call `write`, which notes nothing by itself. */
function createSimple(
  write: WriteBehindDeps<string, number>['write'],
  options: Partial<WriteBehindDeps<string, number>> = {},
) {
  const failures: unknown[] = [];
  const queue = new WriteBehind<string, number>({
    write,
    onFailure: (error) => failures.push(error),
    maxBatch: 10,
    ...options,
  });
  return { queue, failures };
}

test('items put in one turn go out as one batch, one per key, in the order in which their keys were put', async () => {
  const { queue, write, batches } = createQueue();
  queue.put('b', 1);
  queue.put('a', 2);
  queue.put('b', 3);
  expect(queue.pendingCount).toBe(2);
  (await write(0)).end.resolve();
  await queue.drain();
  expect(batches()).toEqual([
    [
      ['b', 3],
      ['a', 2],
    ],
  ]);
  expect(queue.pendingCount).toBe(0);
});

test('an item put during a write goes into the next one, and both can be read until they are written', async () => {
  const { queue, write, batches } = createQueue();
  queue.put('a', 1);
  const first = await write(0);
  queue.put('a', 2);
  queue.put('b', 3);
  expect(queue.itemsOf('a')).toEqual([1, 2]);
  expect(queue.items()).toEqual([1, 2, 3]);
  expect([queue.pending('a'), queue.pendingCount]).toEqual([2, 2]);
  first.end.resolve();
  const second = await write(1);
  expect(queue.itemsOf('a')).toEqual([2]);
  expect(queue.pending('a')).toBeUndefined();
  expect(queue.has('a')).toBe(true);
  second.end.resolve();
  await queue.drain();
  expect(queue.has('a')).toBe(false);
  expect(batches()).toEqual([
    [['a', 1]],
    [
      ['a', 2],
      ['b', 3],
    ],
  ]);
});

test('at most one write is in flight, with at most as many items as allowed', async () => {
  let running = 0;
  const sizes: number[] = [];
  const { queue } = createSimple(
    async (batch) => {
      running += 1;
      expect(running).toBe(1);
      sizes.push(batch.size);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    },
    { maxBatch: 3 },
  );
  for (let count = 0; count < 8; count += 1) queue.put(String(count), count);
  await queue.drain();
  expect(sizes).toEqual([3, 3, 2]);
});

test('a failed batch is written again, filled up with other keys, and the newest item of a key is written last', async () => {
  const { queue, write, failures, batches } = createQueue({ maxBatch: 3 });
  queue.put('a', 1);
  queue.put('b', 1);
  const first = await write(0);
  queue.put('a', 2);
  queue.put('c', 1);
  queue.put('d', 1);
  first.end.reject(new Error('away'));
  const second = await write(1);
  expect(failures).toEqual([new Error('away')]);
  expect(queue.itemsOf('a')).toEqual([1, 2]);
  second.end.resolve();
  (await write(2)).end.resolve();
  await queue.drain();
  expect(batches()).toEqual([
    [
      ['a', 1],
      ['b', 1],
    ],
    [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ],
    [
      ['a', 2],
      ['d', 1],
    ],
  ]);
});

test('an item that was settled is not written again when another one fails', async () => {
  const batches: string[][] = [];
  const { queue } = createSimple((batch, settle) => {
    batches.push([...batch.keys()]);
    settle('good');
    expect(queue.has('good')).toBe(false);
    return batches.length === 1 ? Promise.reject(new Error('bad failed')) : Promise.resolve();
  });
  queue.put('good', 1);
  queue.put('bad', 1);
  await queue.drain();
  expect(batches).toEqual([['good', 'bad'], ['bad']]);
});

test('where failed items are dropped, a batch is written once, and what was put meanwhile follows', async () => {
  const dropped: Batch[] = [];
  const { queue, write, batches } = createQueue({
    dropFailed: true,
    onFailure: (_error, batch) => dropped.push([...batch]),
  });
  queue.put('a', 1);
  const first = await write(0);
  queue.put('a', 2);
  first.end.reject(new Error('away'));
  (await write(1)).end.resolve();
  await queue.drain();
  expect(batches()).toEqual([[['a', 1]], [['a', 2]]]);
  expect(dropped).toEqual([[['a', 1]]]);
});

test('an item that always fails does not stop the others', async () => {
  const written: string[] = [];
  const { queue } = createSimple(
    (batch, settle) => {
      for (const key of batch.keys()) {
        if (key === 'poison' && written.length < 3) continue;
        written.push(key);
        settle(key);
      }
      return written.includes('poison') ? Promise.resolve() : Promise.reject(new Error('poison failed'));
    },
    { maxBatch: 2 },
  );
  for (const key of ['poison', 'a', 'b', 'c']) queue.put(key, 1);
  await queue.drain();
  expect(written).toEqual(['a', 'b', 'c', 'poison']);
});

test('a write that settles its item after its batch has failed does not settle a newer one of the same key', async () => {
  const writes: { values: number[]; settle: () => void; end: Deferred<void> }[] = [];
  const { queue } = createSimple((batch, settle) => {
    const end: Deferred<void> = createDeferred();
    writes.push({ values: [...batch.values()], settle: () => settle('a'), end });
    return end.promise;
  });
  const fail = async (index: number): Promise<void> => {
    await expect.poll(() => writes.length).toBe(index + 1);
    writes[index]?.end.reject(new Error('away'));
  };
  queue.put('a', 1);
  queue.put('b', 1);
  await fail(0);
  await expect.poll(() => writes.length).toBe(2);
  // The first write of `a` has succeeded after all, and a newer item takes its place in the batch.
  writes[0]?.settle();
  expect(queue.has('a')).toBe(false);
  queue.put('a', 2);
  await fail(1);
  await expect.poll(() => writes.length).toBe(3);
  writes[1]?.settle();
  expect(queue.itemsOf('a')).toEqual([2]);
  await fail(2);
  await expect.poll(() => writes.length).toBe(4);
  writes[3]?.end.resolve();
  await queue.drain();
  expect(writes.map(({ values }) => values)).toEqual([
    [1, 1],
    [1, 1],
    [1, 2],
    [1, 2],
  ]);
});

test('drain waits for retries and for what is put meanwhile; settled waits for one key', async () => {
  const { queue, write } = createQueue({ maxBatch: 1 });
  const ended: string[] = [];
  await queue.drain();
  await queue.settled('a');
  queue.put('a', 1);
  queue.put('b', 1);
  const drained = queue.drain().then(() => ended.push('drained'));
  const settled = queue.settled('a').then(() => ended.push('settled'));
  (await write(0)).end.reject(new Error('away'));
  const retry = await write(1);
  expect(ended).toEqual([]);
  retry.end.resolve();
  await settled;
  const next = await write(2);
  expect(ended).toEqual(['settled']);
  queue.put('c', 1);
  next.end.resolve();
  (await write(3)).end.resolve();
  await drained;
  expect(queue.items()).toEqual([]);
});

test('the oldest id counts what is in flight and what is pending', async () => {
  const { queue, write } = createQueue();
  const idOf = (item: number) => (item === 0 ? undefined : `id${item}`);
  expect(queue.oldestId(idOf)).toBeUndefined();
  queue.put('a', 2);
  const first = await write(0);
  queue.put('b', 3);
  queue.put('c', 0);
  expect(queue.oldestId(idOf)).toBe('id2');
  first.end.resolve();
  const second = await write(1);
  expect(queue.oldestId(idOf)).toBe('id3');
  queue.put('d', 1);
  expect(queue.oldestId(idOf)).toBe('id1');
  second.end.resolve();
  (await write(2)).end.resolve();
  await queue.drain();
  expect(queue.oldestId(idOf)).toBeUndefined();
});

test('beyond the bound the oldest pending items are dropped, never those in flight', async () => {
  const { queue, write, batches } = createQueue({ maxPending: 2 });
  queue.put('a', 1);
  const first = await write(0);
  for (const key of ['b', 'c', 'b', 'd']) queue.put(key, 1);
  expect(queue.pendingCount).toBe(2);
  first.end.resolve();
  (await write(1)).end.resolve();
  await queue.drain();
  expect(batches()).toEqual([
    [['a', 1]],
    [
      ['c', 1],
      ['d', 1],
    ],
  ]);
});

test('rests after each write: what is put meanwhile, one by one, shares the next one; drain ends the rests', async () => {
  const batches: string[][] = [];
  const note = (batch: ReadonlyMap<string, number>) => {
    batches.push([...batch.keys()]);
    return Promise.resolve();
  };
  const { queue } = createSimple(note, { maxBatch: 2, restMs: () => 3_600_000 });
  queue.put('a', 1);
  await queue.settled('a');
  for (const key of ['b', 'c', 'd']) {
    queue.put(key, 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(batches).toEqual([['a']]);
  await queue.drain();
  expect(batches).toEqual([['a'], ['b', 'c'], ['d']]);
  // The rest after the last write is not waited for.
  await queue.drain();
});

test('a write goes on when the time of the command that put its item is over', async () => {
  const remaining: unknown[] = [];
  const { queue, failures } = createSimple(() => {
    remaining.push(remainingReadMs());
    return Promise.resolve();
  });
  withReadDeadline(monotonicMs() - 1, () => queue.put('a', 1));
  await queue.drain();
  expect([remaining, failures]).toEqual([[undefined], []]);
});
