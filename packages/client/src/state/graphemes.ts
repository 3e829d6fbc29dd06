let segmenter: Intl.Segmenter | undefined;

/** Yields grapheme clusters; code points where the platform has no segmenter (Hermes, older browsers). */
function graphemesOf(text: string): Iterable<string> {
  if (typeof Intl !== 'object' || typeof Intl.Segmenter !== 'function') return text;
  segmenter ??= new Intl.Segmenter('und');
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Returns the beginning of a text as the server cuts it: at most `maxChars` code points, and whole graphemes. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  let kept = '';
  let chars = 0;
  for (const grapheme of graphemesOf(text)) {
    chars += Array.from(grapheme).length;
    if (chars > maxChars) break;
    kept += grapheme;
  }
  return kept;
}
