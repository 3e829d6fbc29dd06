/**
 * Text of other people beside text of the page. Unicode's directional controls reorder whatever stands around them: a
 * file named `invoice\u202Efdp.exe` would be shown as `invoiceexe.pdf`. Pure functions.
 */

/** Embeddings, overrides and isolates (UAX #9): they reorder whole runs. */
const DIRECTIONAL = /[\u202A-\u202E\u2066-\u2069]/gu;

/** Everything invisible in a file name, except joiners and tags, which emoji and some scripts are written with. */
const INVISIBLE = /(?![\u200C\u200D\u{E0020}-\u{E007F}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Blocks of the scripts that are written from right to left, and the controls: what can reorder its neighbours. */
const REORDERS =
  /[\u0590-\u08FF\u200E\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** @param {string} control */
const toCode = (control) =>
  `[U+${(control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/** A name with its directional controls as visible codes. @param {string} text */
export const showControls = (text) => text.replace(DIRECTIONAL, toCode);

/** A file name with everything invisible in it as visible codes. @param {string} name */
export const showInvisible = (name) => name.replace(INVISIBLE, toCode);

/** A message as one line of a list or a quote: without directional controls. @param {string} text */
export const withoutControls = (text) => text.replace(DIRECTIONAL, '');

/** Whether text has controls that reorder whole runs. @param {string} text */
export const hasControls = (text) => withoutControls(text) !== text;

/** Whether text can reorder what stands beside it. @param {string} text */
export const isReordering = (text) => REORDERS.test(text);

/**
 * Text to be put into a sentence that is a string: isolated where it could reorder the rest of the sentence. In
 * elements `<bdi>` and `dir="auto"` do the same.
 *
 * @param {string} text
 */
export const isolate = (text) =>
  isReordering(text) ? FIRST_STRONG_ISOLATE + withoutControls(text) + POP_ISOLATE : text;
