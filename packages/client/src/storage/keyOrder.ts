import type { StorageEntry } from './storage.js';

/**
 * Returns entries in ascending order of their keys by UTF-16 code units, the order of JavaScript. Databases often compare
 * UTF-8 bytes, which differs for characters beyond U+FFFF.
 */
export function toAscending(entries: StorageEntry[]): StorageEntry[] {
  const isAscending = entries.every((entry, index) => index === 0 || keyBefore(entries, index) < entry.key);
  return isAscending ? entries : entries.sort((one, other) => (one.key < other.key ? -1 : 1));
}

const keyBefore = (entries: StorageEntry[], index: number): string => entries[index - 1]?.key ?? '';
