/**
 * Text of other users beside text of the app. Unicode's directional controls reorder the text around them: a file named
 * `invoice\u202Efdp.exe` would be shown as `invoiceexe.pdf`.
 */

/** Embeddings, overrides and isolates (UAX #9): they reorder whole runs. */
const DIRECTIONAL = /[\u202A-\u202E\u2066-\u2069]/gu;

/** Invisible characters, except joiners and tags: emoji and some scripts are written with them. */
const INVISIBLE = /(?!\u200C|\u200D|[\u{E0020}-\u{E007F}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Scripts that are written from right to left, and the controls: they can reorder their neighbours. */
const REORDERS =
  /[\u0590-\u08FF\u200E\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

const toCode = (control: string): string =>
  `[U+${(control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/** Returns a name with its directional controls as visible codes. */
export const showControls = (text: string): string => text.replace(DIRECTIONAL, toCode);

/** Returns a file name with everything invisible in it as visible codes. */
export const showInvisible = (name: string): string => name.replace(INVISIBLE, toCode);

/** Returns text without directional controls, for one line of a list or a quote. */
export const withoutControls = (text: string): string => text.replace(DIRECTIONAL, '');

/** True when text has controls that reorder whole runs. */
export const hasControls = (text: string): boolean => withoutControls(text) !== text;

/** True when text can reorder what stands beside it. */
export const isReordering = (text: string): boolean => REORDERS.test(text);

/** Begins what `isolate` puts into a sentence. */
export const ISOLATE = '\u2068';

/** Puts text into a sentence: isolated, so that it cannot reorder the rest of it, nor end its isolation. */
export const isolate = (text: string): string => `${ISOLATE}${withoutControls(text)}\u2069`;

/**
 * Returns the name of a file for a line of its own: everything invisible as visible codes, and the extension at the end,
 * whatever the direction of the letters before it.
 */
export function fileLine(name: string): string {
  const shown = showInvisible(name);
  const dot = shown.lastIndexOf('.');
  if (dot <= 0 || !isReordering(shown)) return shown;
  return `\u2066${isolate(shown.slice(0, dot))}\u2066${shown.slice(dot)}\u2069\u2069`;
}

const [LEFT_TO_RIGHT, RIGHT_TO_LEFT] = ['\u200E', '\u200F'];

/**
 * Returns an invisible letter that gives a line the direction of a text in it, whatever stands before that text.
 *
 * @param otherwise direction of a text without letters
 */
export function markOf(text: string, otherwise: 'ltr' | 'rtl'): string {
  const letter = /\p{L}/u.exec(text)?.[0];
  const isRightToLeft = letter === undefined ? otherwise === 'rtl' : isReordering(letter);
  return isRightToLeft ? RIGHT_TO_LEFT : LEFT_TO_RIGHT;
}
