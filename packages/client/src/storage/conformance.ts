import { CONCURRENCY_TESTS } from './conformance/concurrency.js';
import { FILE_TESTS } from './conformance/files.js';
import { SEPARATION_TESTS } from './conformance/separation.js';
import { SIZE_TESTS } from './conformance/sizes.js';
import type { ConformanceTest } from './conformance/types.js';
import { VALUE_TESTS } from './conformance/values.js';

export type { ConformanceTest, StorageUnderTest } from './conformance/types.js';

/**
 * Tests of every promise that `ParleyStorage` makes, for any test runner. Each test rejects with an `Error` that says which
 * promise is broken. Not covered, because only the owner of a process can test it: a kill in the middle of `write`.
 *
 * @example
 * for (const { name, run } of storageConformanceTests)
 *   it(name, () => run({ createStorage: () => myStorage(emptyDatabase()) }));
 */
export const storageConformanceTests: readonly ConformanceTest[] = [
  ...VALUE_TESTS,
  ...SEPARATION_TESTS,
  ...CONCURRENCY_TESTS,
  ...SIZE_TESTS,
  ...FILE_TESTS,
];
