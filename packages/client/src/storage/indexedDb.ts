import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { SerialQueue } from './serialQueue.js';
import type {
  ParleyStorage,
  StorageArea,
  StorageCollection,
  StorageEntry,
  StorageFiles,
  StorageWrite,
  StoredFile,
} from './storage.js';

/** Values by user id and key. Arrays sort after strings, so `[userId, []]` is above all keys of that user. */
interface Schema extends DBSchema {
  outbox: { key: [string, string]; value: string };
  meta: { key: [string, string]; value: string };
  conversations: { key: [string, string]; value: string };
  messages: { key: [string, string]; value: string };
  uploads: { key: [string, string]; value: string };
  files: { key: [string, string]; value: StoredFile };
}

const COLLECTIONS: readonly StorageCollection[] = ['outbox', 'meta', 'conversations', 'messages', 'uploads'];
const STORES = [...COLLECTIONS, 'files'] as const;
const VERSION = 2;
/** Some versions of Safari never answer the first open; a tab with an older version of the app may refuse to give way. */
const OPEN_TIMEOUT_MS = 5_000;

export interface IndexedDbOptions {
  /** Name of the database. Default: `parley`. Nothing else may use it. */
  name?: string | undefined;
}

type Database = IDBPDatabase<Schema>;

/**
 * Storage in IndexedDB, shared by all tabs of an origin. Where the browser has none (some private windows, embedded pages
 * without storage access), every method rejects.
 */
export function indexedDbStorage({ name = 'parley' }: IndexedDbOptions = {}): ParleyStorage {
  const connection = new Connection(name);
  return {
    open: async (userId) => {
      // Storage that does not work is noticed here, and not with the first message.
      await connection.use(() => Promise.resolve());
      return new IndexedDbArea(connection, userId);
    },
    listUserIds: () => connection.use(listUserIds),
  };
}

/** Holds the database open, and opens it again after the browser or a newer version of the app has closed it. */
class Connection {
  #opened: Promise<Database> | undefined;

  constructor(readonly name: string) {}

  /** Runs work in the open database; once more when the browser had closed it. Writes may run twice: they set values. */
  async use<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    const opened = this.#open();
    const database = await opened;
    try {
      return await work(database);
    } catch (error) {
      if (!isClosed(error)) throw error;
      this.#forget(opened);
      return work(await this.#open());
    }
  }

  #open(): Promise<Database> {
    if (this.#opened !== undefined) return this.#opened;
    const opened: Promise<Database> = openDatabase(this.name, () => this.#forget(opened));
    this.#opened = opened;
    opened.catch(() => this.#forget(opened));
    return opened;
  }

  #forget(opened: Promise<Database>): void {
    if (this.#opened === opened) this.#opened = undefined;
  }
}

/** `onClosed` is called when the database was closed for any reason; the next use has to open it again. */
function openDatabase(name: string, onClosed: () => void): Promise<Database> {
  const opening = open(name, onClosed);
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`IndexedDB did not open within ${OPEN_TIMEOUT_MS} ms`));
    }, OPEN_TIMEOUT_MS);
    opening.then(
      (database) => {
        clearTimeout(timer);
        if (isLate) database.close();
        else resolve(database);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

async function open(name: string, onClosed: () => void): Promise<Database> {
  // A missing global, or one whose access throws, is reported like any other failure.
  if (typeof indexedDB === 'undefined') throw new Error('This environment has no IndexedDB');
  const database = await openDB<Schema>(name, VERSION, {
    upgrade: (upgraded) => {
      for (const name of STORES)
        if (!upgraded.objectStoreNames.contains(name)) upgraded.createObjectStore(name);
    },
    // A tab with a newer version of the app waits for this one.
    blocking: () => {
      onClosed();
      database.close();
    },
    terminated: onClosed,
  });
  return database;
}

/** The connection was closed between two uses, or is about to be. */
const isClosed = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'InvalidStateError';

const allOf = (userId: string): IDBKeyRange => IDBKeyRange.bound([userId], [userId, []]);

class IndexedDbArea implements StorageArea {
  readonly #writes = new SerialQueue();

  constructor(
    readonly connection: Connection,
    readonly userId: string,
  ) {}

  readAll(collection: StorageCollection): Promise<StorageEntry[]> {
    return this.connection.use(async (database) => {
      const { store } = database.transaction(collection);
      const range = allOf(this.userId);
      const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
      return keys.map(([, key], index) => ({ key, value: values[index] ?? '' }));
    });
  }

  async readMany(collection: StorageCollection, keys: readonly string[]): Promise<StorageEntry[]> {
    if (keys.length === 0) return [];
    const sorted = [...new Set(keys)].sort();
    return this.connection.use(async (database) => {
      const { store } = database.transaction(collection);
      const values = await Promise.all(sorted.map((key) => store.get([this.userId, key])));
      return sorted.flatMap((key, index) => {
        const value = values[index];
        return value === undefined ? [] : [{ key, value }];
      });
    });
  }

  async write(writes: readonly StorageWrite[]): Promise<void> {
    const collections = [...new Set(writes.map(({ collection }) => collection))];
    if (collections.length === 0) return;
    await this.#transact(collections, (transaction) => {
      for (const { collection, key, value } of writes) {
        const store = transaction.objectStore(collection);
        if (value === undefined) settleWith(transaction, store.delete([this.userId, key]));
        else settleWith(transaction, store.put(value, [this.userId, key]));
      }
    });
  }

  async clear(collections?: readonly StorageCollection[]): Promise<void> {
    const stores = collections ?? STORES;
    if (stores.length === 0) return;
    await this.#transact(stores, (transaction) => {
      for (const store of stores)
        settleWith(transaction, transaction.objectStore(store).delete(allOf(this.userId)));
    });
  }

  readonly files: StorageFiles = {
    write: (key, file) =>
      this.#transact(['files'], (transaction) => {
        settleWith(transaction, transaction.objectStore('files').put(file, [this.userId, key]));
      }),
    read: (key) => this.connection.use((database) => database.get('files', [this.userId, key])),
    remove: (keys) =>
      this.#transact(['files'], (transaction) => {
        for (const key of keys)
          settleWith(transaction, transaction.objectStore('files').delete([this.userId, key]));
      }),
  };

  /** The database stays open for other areas. Waits for writes that are under way. */
  async close(): Promise<void> {
    await this.#writes.add(() => Promise.resolve());
  }

  #transact(collections: readonly StoreName[], work: (transaction: Writing) => void): Promise<void> {
    return this.#writes.add(() =>
      this.connection.use(async (database) => {
        // An unsent message exists nowhere else: it should survive a loss of power, too. The cache need not.
        const durability = collections.includes('outbox') ? 'strict' : 'relaxed';
        const transaction = database.transaction([...collections], 'readwrite', { durability });
        work(transaction);
        // A page that ends now is not there to say later that nothing more follows: the writes would be undone.
        transaction.commit();
        await transaction.done;
      }),
    );
  }
}

type StoreName = (typeof STORES)[number];
type Writing = IDBPTransaction<Schema, StoreName[], 'readwrite'>;

/** The transaction reports the failure of each of its requests; a request's own rejection is no second one. */
function settleWith(_transaction: Writing, request: Promise<unknown>): void {
  request.catch(() => undefined);
}

/** Jumps from user to user instead of reading all keys. */
async function listUserIds(database: Database): Promise<string[]> {
  const transaction = database.transaction([...STORES]);
  const found = new Set<string>();
  for (const collection of STORES) {
    let cursor = await transaction.objectStore(collection).openKeyCursor();
    while (cursor !== null) {
      const [userId] = cursor.key;
      found.add(userId);
      cursor = await transaction
        .objectStore(collection)
        .openKeyCursor(IDBKeyRange.lowerBound([userId, []], true));
    }
  }
  return [...found].sort();
}
