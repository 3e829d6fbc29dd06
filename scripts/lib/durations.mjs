import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

/** Milliseconds of each test file in its last run. `test/support/longestFirst.ts` orders files by it. */
const FILE = 'node_modules/.cache/parley/test-durations.json';

/**
 * Milliseconds of each test file of a JSON report of Vitest, by its path in the checkout.
 * Files that did not run, because a name was asked for that they do not have, are left out.
 */
export function durationsOf({ testResults }) {
  const ran = testResults.filter(({ assertionResults }) =>
    assertionResults.some(({ status }) => status === 'passed' || status === 'failed'),
  );
  return Object.fromEntries(
    ran.map(({ name, startTime, endTime }) => [
      relative('.', name).replaceAll('\\', '/'),
      Math.round(endTime - startTime),
    ]),
  );
}

/** Remembers these durations, and those of other files as they were. */
export function recordDurations(durations) {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify({ ...readDurations(), ...durations }, undefined, 1));
}

function readDurations() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return {};
  }
}

/** Lines with the slowest files, the slowest first. */
export const describeSlowest = (durations, count) =>
  Object.entries(durations)
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, ms]) => `${(ms / 1_000).toFixed(1).padStart(6)} s  ${name}`);
