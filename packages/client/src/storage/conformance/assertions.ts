import type { StorageArea, StorageCollection, StorageEntry, StorageWrite } from '../storage.js';

export const COLLECTIONS: readonly StorageCollection[] = [
  'outbox',
  'meta',
  'conversations',
  'messages',
  'uploads',
];

/** Shortened: a difference in a value of a megabyte should not fill the terminal. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
};

/** Compares JSON values. */
export function assertEqual(actual: unknown, expected: unknown, promise: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`${promise}\n  expected ${shown(expected)}\n  received ${shown(actual)}`);
}

export const set = (collection: StorageCollection, key: string, value: string): StorageWrite => ({
  collection,
  key,
  value,
});

export const remove = (collection: StorageCollection, key: string): StorageWrite => ({
  collection,
  key,
  value: undefined,
});

/** Keys and values as pairs. */
export const pairsOf = (entries: readonly StorageEntry[]): [string, string][] =>
  entries.map(({ key, value }) => [key, value]);

export const readPairs = async (
  area: StorageArea,
  collection: StorageCollection,
): Promise<[string, string][]> => pairsOf(await area.readAll(collection));
