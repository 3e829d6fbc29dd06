/**
 * Durable storage on the device: string values by user, collection and key. The SDK keeps the outbox (which exists nowhere
 * else) and a cache (which the server can provide again) in it. `packages/client/src/storage/conformance.ts` tests an
 * implementation against every promise named here.
 *
 * Several tabs may use one storage at the same time. Every method rejects when the storage cannot serve it; the SDK then goes
 * on in memory and reports it by the event `storageError`.
 */
export interface ParleyStorage {
  /** Opens the area of one user, and creates it when it is missing. Two areas never see each other's values. */
  open: (userId: string) => Promise<StorageArea>;
  /** Returns the ids of all users whose area holds a value. */
  listUserIds: () => Promise<string[]>;
}

export type StorageCollection = 'outbox' | 'meta' | 'conversations' | 'messages' | 'uploads';

export interface StorageEntry {
  key: string;
  value: string;
}

/** One value to set, or to remove when `value` is undefined. */
export interface StorageWrite {
  collection: StorageCollection;
  key: string;
  value: string | undefined;
}

/** Bytes as they can be stored. */
export type StoredFile = Blob | Uint8Array;

/** Storage of files that wait to be uploaded, beside the values of an area. */
export interface StorageFiles {
  /** Resolves when the file survives a kill of the process. */
  write: (key: string, file: StoredFile) => Promise<void>;
  /** Returns the file as it was written; undefined when there is none. */
  read: (key: string) => Promise<StoredFile | undefined>;
  remove: (keys: readonly string[]) => Promise<void>;
}

export interface StorageArea {
  /** Returns all values of a collection, in ascending order of their keys (by UTF-16 code units). */
  readAll: (collection: StorageCollection) => Promise<StorageEntry[]>;
  /** Returns the values of these keys; missing ones are left out. */
  readMany: (collection: StorageCollection, keys: readonly string[]) => Promise<StorageEntry[]>;
  /**
   * Applies all writes or none, also when the process is killed meanwhile. Resolves when the values survive a kill of the
   * process. Writes of one caller are applied in the order of the calls.
   */
  write: (writes: readonly StorageWrite[]) => Promise<void>;
  /** Removes all values of these collections; when none are named, of all, and all files. Atomic like `write`. */
  clear: (collections?: readonly StorageCollection[]) => Promise<void>;
  /** Left out where bytes cannot be stored: an upload then survives a kill only when its file has an address (React Native). */
  readonly files?: StorageFiles | undefined;
  /** Ends the use of this area. Values stay. */
  close: () => Promise<void>;
}
