import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longestFirst.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    // Guards against hanging, no promises about speed: a machine whose cores are busy takes many times what an idle one takes.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    // One more than the smallest machine has cores: a test that waits leaves its core to the others.
    maxWorkers: 3,
    // Nothing in the product keeps state in a module: loading it once per worker, and not once per file, saves a minute.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
});
