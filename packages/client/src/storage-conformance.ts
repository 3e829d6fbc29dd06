/** Tests for authors of storages: `import { storageConformanceTests } from '@parley/client/storage-conformance'`. */
export {
  storageConformanceTests,
  type ConformanceTest,
  type StorageUnderTest,
} from './storage/conformance.js';
