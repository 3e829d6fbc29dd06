import type {
  ParleyStorage,
  StorageArea,
  StorageCollection,
} from '../../../packages/client/src/storage/storage.js';

/** An operation on the storage, and whether it has taken effect. */
export interface StorageStep {
  /** Number of the operation, from 1. */
  number: number;
  name: 'open' | 'listUserIds' | 'readAll' | 'readMany' | 'write' | 'clear' | 'close';
  /** `before`: nothing of it has happened. `after`: it has taken effect, and its caller does not know yet. */
  moment: 'before' | 'after';
  /** Collections of a `write`. */
  collections: StorageCollection[];
}

const never = new Promise<never>(() => undefined);

/**
 * Reports every step of a storage. Once `onStep` has returned `halt`, nothing takes effect or is answered any more: for its
 * client the process has ended there.
 */
export function observedStorage(
  inner: ParleyStorage,
  onStep: (step: StorageStep) => 'halt' | undefined,
): ParleyStorage {
  let number = 0;
  let isHalted = false;

  async function observed<Result>(
    name: StorageStep['name'],
    run: () => Promise<Result>,
    collections: StorageCollection[] = [],
  ): Promise<Result> {
    number += 1;
    const step = { number, name, collections };
    isHalted ||= onStep({ ...step, moment: 'before' }) === 'halt';
    if (isHalted) return never;
    const result = await run();
    isHalted ||= onStep({ ...step, moment: 'after' }) === 'halt';
    return isHalted ? never : result;
  }

  const observedArea = (area: StorageArea): StorageArea => ({
    readAll: (collection) => observed('readAll', () => area.readAll(collection)),
    readMany: (collection, keys) => observed('readMany', () => area.readMany(collection, keys)),
    write: (writes) =>
      observed('write', () => area.write(writes), [...new Set(writes.map(({ collection }) => collection))]),
    clear: (collections) => observed('clear', () => area.clear(collections)),
    close: () => observed('close', () => area.close()),
  });

  return {
    open: (userId) => observed('open', async () => observedArea(await inner.open(userId))),
    listUserIds: () => observed('listUserIds', () => inner.listUserIds()),
  };
}
