import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Written by `scripts/lib/durations.mjs`. */
const DURATIONS = 'node_modules/.cache/parley/test-durations.json';
/** Folders whose files take long: for a checkout where nothing has been measured yet. */
const SLOW = [
  'test/storm',
  'test/cluster',
  'test/faults',
  'test/docs',
  'test/database',
  'test/data',
  'test/app',
];
/** More than any size of a file: those of slow folders come first. */
const SLOW_WEIGHT = 1_000_000;

/** Runs files in the order of how long they took the last time, so that no long one is left for the end. */
export class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const durations = readDurations();
    const weighed = files.map((file) => {
      const name = relative(this.ctx.config.root, file.moduleId).replaceAll('\\', '/');
      return { file, ms: durations[name] ?? Infinity, weight: estimate(name, file.moduleId) };
    });
    weighed.sort((a, b) => (a.ms === b.ms ? b.weight - a.weight : b.ms - a.ms));
    return Promise.resolve(weighed.map(({ file }) => file));
  }
}

function readDurations(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(DURATIONS, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/** A new file's place among the new ones: by its folder, then by its size. */
function estimate(name: string, path: string): number {
  const place = SLOW.findIndex((folder) => name.startsWith(`${folder}/`));
  return (place === -1 ? 0 : (SLOW.length - place) * SLOW_WEIGHT) + statSync(path).size;
}
