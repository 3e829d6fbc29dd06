import type {
  ParleyStorage,
  StorageArea,
  StorageCollection,
  StorageEntry,
  StorageFiles,
  StoredFile,
} from './storage.js';

type Areas = Map<string, Map<string, string>>;
type Files = Map<string, Map<string, StoredFile>>;

const keyOf = (collection: StorageCollection, key: string): string => `${collection}/${key}`;

const compare = (a: StorageEntry, b: StorageEntry): number => (a.key < b.key ? -1 : Number(a.key > b.key));

/** Keeps values as long as the process lives. Several clients may share one. */
export function memoryStorage(): ParleyStorage {
  const areas: Areas = new Map();
  const files: Files = new Map();
  return {
    open: (userId) => Promise.resolve(openArea({ areas, files }, userId)),
    listUserIds: () => {
      const users = [...areas, ...files].filter(([, values]) => values.size > 0).map(([userId]) => userId);
      return Promise.resolve([...new Set(users)]);
    },
  };
}

function openArea({ areas, files }: { areas: Areas; files: Files }, userId: string): StorageArea {
  const valuesOf = (): Map<string, string> => {
    const values = areas.get(userId) ?? new Map<string, string>();
    areas.set(userId, values);
    return values;
  };

  return {
    readAll(collection) {
      const prefix = keyOf(collection, '');
      const entries = [...valuesOf()]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => ({ key: key.slice(prefix.length), value }));
      return Promise.resolve(entries.sort(compare));
    },
    readMany(collection, keys) {
      const values = valuesOf();
      const entries = [...new Set(keys)].flatMap((key) => {
        const value = values.get(keyOf(collection, key));
        return value === undefined ? [] : [{ key, value }];
      });
      return Promise.resolve(entries);
    },
    write(writes) {
      const values = valuesOf();
      for (const { collection, key, value } of writes) {
        if (value === undefined) values.delete(keyOf(collection, key));
        else values.set(keyOf(collection, key), value);
      }
      return Promise.resolve();
    },
    clear(collections) {
      const values = valuesOf();
      if (collections === undefined) {
        values.clear();
        files.delete(userId);
      }
      for (const collection of collections ?? []) {
        const prefix = keyOf(collection, '');
        for (const key of [...values.keys()]) if (key.startsWith(prefix)) values.delete(key);
      }
      return Promise.resolve();
    },
    files: openFiles(files, userId),
    close: () => Promise.resolve(),
  };
}

function openFiles(files: Files, userId: string): StorageFiles {
  const own = (): Map<string, StoredFile> => {
    const known = files.get(userId) ?? new Map<string, StoredFile>();
    files.set(userId, known);
    return known;
  };
  return {
    write: (key, file) => {
      own().set(key, file);
      return Promise.resolve();
    },
    read: (key) => Promise.resolve(own().get(key)),
    remove: (keys) => {
      for (const key of keys) own().delete(key);
      return Promise.resolve();
    },
  };
}
