import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sideBySide, type AppliedStep } from '../../scripts/data/frame/sideBySide.js';

const STEPS = 3;
const journal = { write: () => Promise.resolve() };

async function* numbers(count: number): AsyncGenerator<number> {
  for (let item = 0; item < count; item += 1) yield await Promise.resolve(item);
}

/** Records started and completed steps, and the highest number of concurrent items. */
class Work {
  readonly begun: string[] = [];
  readonly done: string[] = [];
  most = 0;

  async *stepsOf(item: number): AsyncGenerator<AppliedStep> {
    for (let step = 0; step < STEPS; step += 1) {
      // The previous step is complete when the next one is requested.
      expect(this.done.filter((name) => name.startsWith(`${item}:`))).toHaveLength(step);
      yield { lines: [], counts: {}, apply: () => this.#do(`${item}:${step}`, (item * 7 + step) % 5) };
      await Promise.resolve();
    }
  }

  async #do(name: string, ms: number): Promise<undefined> {
    this.begun.push(name);
    this.most = Math.max(this.most, this.begun.length - this.done.length);
    await sleep(ms);
    this.done.push(name);
  }
}

test('several items are processed in parallel, each step by step, and all are complete at the end', async () => {
  const work = new Work();
  for await (const one of sideBySide(numbers(30), (item) => work.stepsOf(item))) {
    if ('lines' in one) void one.apply(journal);
  }
  expect(work.done).toHaveLength(30 * STEPS);
  expect(work.most).toBe(8);
});

test('without apply, as in a dry run, every step is yielded', async () => {
  let seen = 0;
  const steps = async function* (): AsyncGenerator<AppliedStep> {
    for (let step = 0; step < STEPS; step += 1) {
      yield await Promise.resolve({ lines: [], counts: {}, apply: () => Promise.resolve(undefined) });
    }
  };
  for await (const one of sideBySide(numbers(30), steps)) if ('lines' in one) seen += 1;
  expect(seen).toBe(30 * STEPS);
});

test('an early stop of the consumer leaves no work running', async () => {
  const work = new Work();
  let seen = 0;
  for await (const one of sideBySide(numbers(30), (item) => work.stepsOf(item))) {
    if ('lines' in one) void one.apply(journal);
    seen += 1;
    if (seen === 20) break;
  }
  expect(work.begun).toHaveLength(20);
  expect(work.done.toSorted()).toEqual(work.begun.toSorted());
});

test('an error of the next step or the next item is thrown', async () => {
  const fail = async function* (item: number): AsyncGenerator<AppliedStep> {
    yield* new Work().stepsOf(item);
    if (item === 3) throw new Error('three');
  };
  const through = async (items: AsyncIterable<number>) => {
    for await (const one of sideBySide(items, fail)) if ('lines' in one) void one.apply(journal);
  };
  await expect(through(numbers(30))).rejects.toThrow('three');
  const broken = async function* () {
    yield* numbers(2);
    throw new Error('no more');
  };
  await expect(through(broken())).rejects.toThrow('no more');
});
