import { z } from 'zod';

/** Compiles a pattern. Returns undefined on older engines that do not support it (Hermes before 2024). */
export function patternOf(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

/**
 * Length of a text as limits count it: Unicode code points, without white space at the ends. Code points are counted alike
 * in all languages and versions of Unicode. Graphemes are not, and a single grapheme can be of any length.
 */
export const textLength = (text: string): number => Array.from(text.trim()).length;

/** Characters without a visible shape that no Unicode property covers: Braille, Egyptian, Khitan, music. */
const BLANK_SIGNS = '\\u2800\\u{13441}\\u{13442}\\u{16FE4}\\u{1D159}';
const BLANK =
  patternOf(
    `^[\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Cf}\\p{Noncharacter_Code_Point}${BLANK_SIGNS}]*$`,
    'u',
  ) ?? /^\s*$/;

/** True when nothing is visible: white space, zero-width and format characters, fillers, or an empty text. */
export const isBlank = (text: string): boolean => BLANK.test(text);

/** False for texts with NUL, which not every database can store, and with lone surrogates, which are not valid text. */
export const isCleanText = (value: string): boolean => value.isWellFormed() && !value.includes('\u0000');

/** Well-formed text without trimming: for identifiers. */
export const cleanString = (maxChars: number) =>
  z.string().max(maxChars).refine(isCleanText, 'must be well-formed Unicode without NUL');

// eslint-disable-next-line no-control-regex -- The pattern finds control characters.
const CONTROLS = /[\u0000-\u001F\u007F-\u009F]/;
export const hasControls = (text: string): boolean => CONTROLS.test(text);

/** Text for readers, possibly empty. Trimmed before its length is checked; text without visible characters becomes empty. */
export const optionalText = (maxChars: number) =>
  z
    .string()
    .trim()
    .max(maxChars)
    .refine(isCleanText, 'must be well-formed Unicode without NUL')
    .overwrite((text) => (isBlank(text) ? '' : text));

/** Text for readers with at least one visible character. */
export const visibleText = (maxChars: number) => optionalText(maxChars).min(1, 'must not be empty');
