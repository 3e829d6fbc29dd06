import { patternOf } from './text.js';

/** Every emoji that Unicode recommends for interchange, including skin tones, flags, keycaps and joined sequences. */
const RECOMMENDED = patternOf('^\\p{RGI_Emoji}$', 'v');
/** Emojis that are drawn as text unless a variation selector follows. */
const TEXT_BY_DEFAULT = patternOf('(?!\\p{Emoji_Presentation})\\p{Emoji}(?!\\p{Emoji_Modifier})', 'gu');
const AS_EMOJI = '\uFE0F';
const SELECTORS = /[\uFE0E\uFE0F]/g;

/** Key of an emoji independent of variation selectors: equal for `❤` and `❤️`. */
export const emojiKey = (text: string): string => text.replace(SELECTORS, '');

/**
 * Returns the canonical form of an emoji, with the variation selectors that Unicode recommends (`❤` and `❤︎` become `❤️`,
 * `👍️` becomes `👍`), or undefined when the text is not exactly one emoji. Engines without emoji support in regular
 * expressions (Hermes) return every text unchanged; the server checks it.
 */
export function toEmoji(text: string): string | undefined {
  if (RECOMMENDED === undefined || TEXT_BY_DEFAULT === undefined) return text;
  const emoji = emojiKey(text).replace(TEXT_BY_DEFAULT, `$&${AS_EMOJI}`);
  return RECOMMENDED.test(emoji) ? emoji : undefined;
}

/** Forms in which older versions may have stored an emoji: with or without each of its selectors, or with one too many. */
export function emojiForms(text: string): string[] {
  const [first = '', ...rest] = (toEmoji(text) ?? text).split(AS_EMOJI);
  const forms = rest.reduce(
    (all, part) => all.flatMap((form) => [`${form}${AS_EMOJI}${part}`, `${form}${part}`]),
    [first],
  );
  return [...new Set([text, ...forms, `${emojiKey(text)}${AS_EMOJI}`])];
}
