import { describe, it } from 'vitest';
import { memoryStorage } from '../../../packages/client/src/storage/memory.js';
import { storageConformanceTests } from '../../../packages/client/src/storage/conformance.js';

describe('memory storage', () => {
  for (const { name, run } of storageConformanceTests)
    it(name, async () => {
      const storage = memoryStorage();
      await run({ createStorage: () => storage });
    });
});
