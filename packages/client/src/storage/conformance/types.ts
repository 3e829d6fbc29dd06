import type { ParleyStorage } from '../storage.js';

export interface StorageUnderTest {
  /** Returns a storage without any values. Called once per test. */
  createStorage: () => ParleyStorage | Promise<ParleyStorage>;
  /**
   * Returns a second storage over the values of the first one, as another tab or the next start of the app has it. Left out
   * for storages that live as long as their object.
   */
  reopenStorage?: ((first: ParleyStorage) => ParleyStorage | Promise<ParleyStorage>) | undefined;
}

export interface ConformanceTest {
  /** The promise. */
  name: string;
  run: (storage: StorageUnderTest) => Promise<void>;
}

/** Returns two views of one set of values: two storages when the adapter can be opened twice, else one of them twice. */
export async function openTwice(
  tested: StorageUnderTest,
): Promise<{ first: ParleyStorage; second: ParleyStorage }> {
  const first = await tested.createStorage();
  return { first, second: (await tested.reopenStorage?.(first)) ?? first };
}
