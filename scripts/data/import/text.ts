import { cutText } from '../../../backend/src/utils/cutText.js';
import { captionText, displayName, LIMITS } from '../../../contract/index.js';

/** Converts a value to text that every database can store. Numbers become strings. @returns null for other types. */
export function toText(value: unknown): string | undefined | null {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\u0000', '') : null;
}

/** True when the contract accepts it as the text of a message. */
export const fitsMessage = (text: string): boolean => captionText.safeParse(text).success;

/** Converts a value to a valid name of a user or a group; undefined when nothing remains. */
export function toName(value: unknown): string | undefined {
  const text = toText(value)?.trim() ?? '';
  return displayName.safeParse(cutText(text, LIMITS.maxNameChars)).data;
}
