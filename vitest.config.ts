import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // As many as the smallest machine has cores: beyond it, fault tests would measure the machine.
    maxWorkers: 2,
    // Nothing in the product keeps state in a module: loading it once per worker, and not once per file, saves a minute.
    isolate: false,
  },
});
