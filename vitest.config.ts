import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longestFirst.js';

/** Tests use the sources of the packages: nothing has to be built before. */
const source = (path: string): string => new URL(`packages/${path}`, import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@parley\/client$/, replacement: source('client/src/index.ts') },
      { find: /^@parley\/client\/(.*)$/, replacement: `${source('client/src')}/$1.ts` },
    ],
  },
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
