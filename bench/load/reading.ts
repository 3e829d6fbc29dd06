import { performance } from 'node:perf_hooks';
import type { ReadResult } from './commands.js';
import { Samples } from './samples.js';

/** Collects the times of one kind of read and the problems found in its answers. */
export class Reading {
  private readonly samples = new Samples();
  private readonly problems = new Set<string>();

  async time<T>(read: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const value = await read();
    this.samples.add(performance.now() - startedAt);
    return value;
  }

  expect(holds: boolean, problem: string): void {
    if (!holds) this.problems.add(problem);
  }

  result(): ReadResult {
    return { times: this.samples.quantiles(), problems: [...this.problems] };
  }
}
