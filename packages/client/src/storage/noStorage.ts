import type { ParleyStorage, StorageArea } from './storage.js';

const findNothing = (): Promise<never[]> => Promise.resolve([]);
const done = (): Promise<void> => Promise.resolve();
const area: StorageArea = {
  readAll: findNothing,
  readMany: findNothing,
  write: done,
  clear: done,
  close: done,
};

/** Keeps nothing: everything that the client holds in memory ends with it. */
export const noStorage: ParleyStorage = { open: () => Promise.resolve(area), listUserIds: findNothing };
