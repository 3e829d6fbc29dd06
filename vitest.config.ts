import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longestFirst.js';

const source = (folder: string): string =>
  new URL(`./packages/${folder}/src/index.ts`, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    // Tests of the packages run on their sources; consumers of the built ones are tests of their own.
    alias: [
      { find: /^@parley\/client$/, replacement: source('client') },
      { find: /^@parley\/react$/, replacement: source('react') },
    ],
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
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
