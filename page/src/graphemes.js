/** What a reader takes for one character: a letter with its marks, a family, a flag. Pure. */

// Firefox knows it since version 125.
const segmenter = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter('und') : undefined;

/**
 * @param {string} text
 * @returns {Iterable<string>} code points in a browser that knows no graphemes
 */
const graphemesOf = (text) =>
  segmenter === undefined ? text : Array.from(segmenter.segment(text), ({ segment }) => segment);

/**
 * The first grapheme of a text.
 *
 * @param {string} text
 */
export function firstGrapheme(text) {
  // Segments are made up to the end: a name is short, and its beginning is enough.
  const [first = ''] = graphemesOf(text.slice(0, 64));
  return first;
}
