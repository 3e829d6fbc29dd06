import type { TimeReader } from './times.js';

/** Values other than times that old systems write into a deletion field: first "not deleted", then "deleted". */
const NOT_DELETED = new Set(['', '0', 'null', 'undefined', 'none', 'nil', 'false', 'f', 'no', 'n']);
const DELETED = new Set(['1', 'true', 't', 'yes', 'y']);
/** Value that MySQL stores for "no date". */
const ZERO_DATE = /^0000-00-00([T ]00:00:00(\.0+)?)?$/;

/**
 * Reads the deletion field of a message.
 *
 * @param sentAt used as the deletion time if the field contains none.
 * @returns undefined for a message that is not deleted; null when the value is ambiguous.
 */
export function readDeletion(
  value: unknown,
  { times, sentAt, at }: { times: TimeReader; sentAt: Date; at: string },
): Date | undefined | null {
  if (value === undefined || value === null || value === false || value === 0) return undefined;
  if (value === true || value === 1) return sentAt;
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase();
    if (NOT_DELETED.has(word) || ZERO_DATE.test(word)) return undefined;
    if (DELETED.has(word)) return sentAt;
  }
  return times.read(value, at) ?? null;
}
