import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type {
  ParleyStorage,
  StorageArea,
  StorageCollection,
  StorageEntry,
  StorageWrite,
} from '../../../packages/client/src/storage/storage.js';

/** One atomic step: writes, or the collections that were cleared (all when `true`). */
type Line = { writes: StorageWrite[] } | { cleared: StorageCollection[] | true };

/**
 * A durable storage in a folder, with one append-only file per user: a line of JSON per atomic step. A kill in the middle of a
 * write leaves half a line at the end, which is ignored. It is for one process at a time, and never compacts.
 */
export const fileStorage = (folder: string): ParleyStorage => ({
  open: async (userId) => {
    await yieldOnce();
    mkdirSync(folder, { recursive: true });
    return new FileArea(join(folder, `${encodeURIComponent(userId)}.jsonl`));
  },
  listUserIds: async () => {
    await yieldOnce();
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    return names
      .filter((name) => replay(join(folder, name)).size > 0)
      .map((name) => decodeURIComponent(name.slice(0, -6)));
  },
});

/** Real storages answer in a later turn. */
const yieldOnce = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const idOf = (collection: StorageCollection, key: string): string => `${collection} ${key}`;

class FileArea implements StorageArea {
  readonly #values: Map<string, string>;
  readonly #file: number;

  constructor(path: string) {
    dropHalfLine(path);
    this.#values = replay(path);
    this.#file = openSync(path, 'a');
  }

  async readAll(collection: StorageCollection): Promise<StorageEntry[]> {
    await yieldOnce();
    const prefix = idOf(collection, '');
    return [...this.#values]
      .filter(([id]) => id.startsWith(prefix))
      .map(([id, value]) => ({ key: id.slice(prefix.length), value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async readMany(collection: StorageCollection, keys: readonly string[]): Promise<StorageEntry[]> {
    await yieldOnce();
    return keys.flatMap((key) => {
      const value = this.#values.get(idOf(collection, key));
      return value === undefined ? [] : [{ key, value }];
    });
  }

  write(writes: readonly StorageWrite[]): Promise<void> {
    return this.#append({ writes: [...writes] });
  }

  clear(collections?: readonly StorageCollection[]): Promise<void> {
    return this.#append({ cleared: collections === undefined ? true : [...collections] });
  }

  async close(): Promise<void> {
    await yieldOnce();
    closeSync(this.#file);
  }

  async #append(line: Line): Promise<void> {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    apply(this.#values, line);
    await yieldOnce();
  }
}

/** Otherwise the next line would be appended to it. */
function dropHalfLine(path: string): void {
  if (!existsSync(path)) return;
  const bytes = readFileSync(path);
  truncateSync(path, bytes.lastIndexOf('\n') + 1);
}

function replay(path: string): Map<string, string> {
  const values = new Map<string, string>();
  if (!existsSync(path)) return values;
  for (const text of readFileSync(path, 'utf8').split('\n').slice(0, -1))
    apply(values, JSON.parse(text) as Line);
  return values;
}

function apply(values: Map<string, string>, line: Line): void {
  if ('writes' in line) {
    for (const { collection, key, value } of line.writes) {
      if (value === undefined) values.delete(idOf(collection, key));
      else values.set(idOf(collection, key), value);
    }
  } else if (line.cleared === true) values.clear();
  else
    for (const collection of line.cleared)
      for (const id of values.keys()) if (id.startsWith(idOf(collection, ''))) values.delete(id);
}
