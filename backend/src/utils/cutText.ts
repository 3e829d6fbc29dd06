/** Splits text into graphemes: a letter with its combining marks, a family emoji, a flag. */
const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Truncates a text to at most `maxChars` code points without splitting a grapheme: half of an emoji sequence is a
 * different emoji. Returns an empty string when even the first grapheme is too long.
 */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  let kept = '';
  let chars = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    chars += Array.from(segment).length;
    if (chars > maxChars) break;
    kept += segment;
  }
  return kept;
}
