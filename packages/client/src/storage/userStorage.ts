import type { ParleyEvents } from '../api/events.js';
import { withTimeout } from '../errors/withTimeout.js';
import type {
  ParleyStorage,
  StorageArea,
  StorageCollection,
  StorageEntry,
  StorageWrite,
  StoredFile,
} from './storage.js';

/** A storage that does not answer must not stop the client for ever: a blocked database, a dead worker. */
const TIMEOUT_MS = 15_000;

export type StorageErrorListener = (error: ParleyEvents['storageError']) => void;

/**
 * The storage area of one user. It is opened on first use, and again after a failure; each failure is reported. After `close`
 * it does nothing: a write that is still under way must not bring back what a logout has removed.
 */
export class UserStorage {
  readonly userId: string;
  readonly #storage: ParleyStorage;
  readonly #onError: StorageErrorListener;
  #opening: Promise<StorageArea> | undefined;
  #isClosed = false;

  constructor(storage: ParleyStorage, userId: string, onError: StorageErrorListener) {
    this.#storage = storage;
    this.userId = userId;
    this.#onError = onError;
  }

  #open(): Promise<StorageArea> {
    this.#opening ??= this.#storage.open(this.userId).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** A call, because the answer changes during an `await`. */
  #isOver(): boolean {
    return this.#isClosed;
  }

  async #use<Result>(
    operation: 'read' | 'write',
    task: (area: StorageArea) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (this.#isOver()) return undefined;
    let area: StorageArea;
    try {
      area = await inTime(this.#open());
    } catch (cause) {
      this.#onError({ operation: 'open', cause });
      return undefined;
    }
    if (this.#isOver()) return undefined;
    try {
      return await inTime(task(area));
    } catch (cause) {
      this.#onError({ operation, cause });
      return undefined;
    }
  }

  /** @returns undefined when the storage failed */
  readAll(collection: StorageCollection): Promise<StorageEntry[] | undefined> {
    return this.#use('read', (area) => area.readAll(collection));
  }

  /** @returns undefined when the storage failed */
  readMany(collection: StorageCollection, keys: readonly string[]): Promise<StorageEntry[] | undefined> {
    return this.#use('read', (area) => area.readMany(collection, keys));
  }

  /** @returns whether the values survive a kill of the process */
  async write(writes: readonly StorageWrite[]): Promise<boolean> {
    const written = await this.#use('write', async (area) => {
      await area.write(writes);
      return true;
    });
    return written === true;
  }

  /** @returns whether the values are gone */
  async clear(collections?: readonly StorageCollection[]): Promise<boolean> {
    const cleared = await this.#use('write', async (area) => {
      await area.clear(collections);
      return true;
    });
    return cleared === true;
  }

  /** @returns whether the file survives a kill of the process: false, too, where files cannot be stored */
  async writeFile(key: string, file: StoredFile): Promise<boolean> {
    const written = await this.#use('write', async ({ files }) => {
      await files?.write(key, file);
      return files !== undefined;
    });
    return written === true;
  }

  /** @returns undefined when there is none, or the storage failed */
  readFile(key: string): Promise<StoredFile | undefined> {
    return this.#use('read', ({ files }) => files?.read(key) ?? Promise.resolve(undefined));
  }

  async removeFiles(keys: readonly string[]): Promise<void> {
    await this.#use('write', async ({ files }) => files?.remove(keys));
  }

  /** Removes everything stored for the user, and ends the use of the area: nothing is written after it. */
  async wipe(): Promise<void> {
    this.#isClosed = true;
    try {
      const area = await inTime(this.#open());
      await inTime(area.clear());
      await inTime(area.close());
    } catch (cause) {
      this.#onError({ operation: 'write', cause });
    }
  }

  /** Ends the use of the area. Calls after it have no effect. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opening = this.#opening;
    if (opening === undefined) return;
    // Nothing is lost when it cannot be closed.
    await inTime(opening.then((area) => area.close())).catch(() => undefined);
  }
}

const inTime = <Value>(promise: Promise<Value>): Promise<Value> =>
  withTimeout(promise, TIMEOUT_MS, 'the storage has not answered');

/** Returns the parsed value; undefined for a value that an older version or a fault has left behind. */
export function parseStored(value: string | undefined): unknown {
  try {
    return value === undefined ? undefined : JSON.parse(value);
  } catch {
    return undefined;
  }
}
