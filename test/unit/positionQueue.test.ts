import { expect, test } from 'vitest';
import type { ConversationId, UserId } from '../../contract/index.js';
import { PositionQueue, type QueueDeps } from '../../backend/src/services/receipts/positionQueue.js';

interface Item {
  conversationId: ConversationId;
  userId: UserId;
  seq: number;
}

/** A window that no test waits for. */
const LONG_MS = 60_000;

function createQueue(options: Partial<QueueDeps<Item, number>> = {}) {
  const batches: string[][] = [];
  const queue = new PositionQueue<Item, number>({
    merge: (known, added) => ({ ...added, seq: Math.max(known.seq, added.seq) }),
    windowMs: () => LONG_MS,
    maxWaiting: 100,
    write: (batch) => {
      batches.push(batch.map(({ item }) => `${item.conversationId} ${item.userId} ${item.seq}`));
      for (const { item, resolve } of batch) resolve(item.seq);
      return Promise.resolve();
    },
    ...options,
  });
  /** Reports a position, given as conversation, member and `seq`. */
  const add = ([conversationId, userId, seq]: [string, string, number], { isUrgent = false } = {}) =>
    queue.add(
      { conversationId: conversationId as ConversationId, userId: userId as UserId, seq },
      { isUrgent },
    );
  return { queue, add, batches };
}

test('positions of one turn share a write, and those of one member become one', async () => {
  const { add, batches } = createQueue();
  const answers = await Promise.all([
    add(['a', 'u1', 1]),
    add(['b', 'u1', 2]),
    add(['a', 'u2', 3]),
    add(['a', 'u1', 5]),
  ]);
  expect(answers).toEqual([5, 2, 3, 5]);
  expect(batches).toEqual([['a u1 5', 'b u1 2', 'a u2 3']]);
});

test('positions in the window after a write are written together when it closes', async () => {
  const { add, batches } = createQueue({ windowMs: () => 20 });
  await add(['a', 'u1', 1]);
  const answers = await Promise.all([add(['a', 'u1', 3]), add(['a', 'u2', 2]), add(['a', 'u1', 2])]);
  expect(answers).toEqual([3, 2, 3]);
  expect(batches).toEqual([['a u1 1'], ['a u1 3', 'a u2 2']]);
});

test('an urgent position closes the window of its conversation, and of no other one', async () => {
  const { queue, add, batches } = createQueue();
  await Promise.all([add(['a', 'u1', 1]), add(['b', 'u1', 1])]);
  const gathered = add(['a', 'u2', 2]);
  const other = add(['b', 'u2', 2]);
  await Promise.all([gathered, add(['a', 'u1', 3], { isUrgent: true })]);
  expect(batches.slice(1)).toEqual([['a u2 2', 'a u1 3']]);
  await Promise.all([queue.drain(), other]);
  expect(batches.slice(2)).toEqual([['b u2 2']]);
});

test('drain writes what was gathered, and opens no window any more', async () => {
  const { queue, add, batches } = createQueue();
  await add(['a', 'u1', 1]);
  const gathered = add(['a', 'u1', 2]);
  await queue.drain();
  expect(await gathered).toBe(2);
  expect(await add(['a', 'u1', 3])).toBe(3);
  expect(await add(['a', 'u1', 4])).toBe(4);
  expect(batches).toHaveLength(4);
});

test('a write that fails rejects its positions, and the next one is written', async () => {
  let isAway = true;
  const { add } = createQueue({
    windowMs: () => 0,
    write: (batch) => {
      if (isAway) return Promise.reject(new Error('away'));
      for (const { item, resolve } of batch) resolve(item.seq);
      return Promise.resolve();
    },
  });
  const results = await Promise.allSettled([add(['a', 'u1', 1]), add(['b', 'u1', 1])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  expect(await add(['a', 'u1', 1])).toBe(1);
});

test('refuses positions beyond the bound, gathered ones included, and still merges into those that wait', async () => {
  const { queue, add } = createQueue({ maxWaiting: 2 });
  await add(['a', 'u1', 1]);
  const gathered = add(['a', 'u1', 2]);
  const due = add(['b', 'u1', 1]);
  const refused = add(['c', 'u1', 1]);
  const merged = [add(['a', 'u1', 3]), add(['b', 'u1', 4])];
  await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await queue.drain();
  expect(await Promise.all([gathered, due, ...merged])).toEqual([3, 4, 3, 4]);
});
