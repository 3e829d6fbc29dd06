export interface TextPart {
  text: string;
  /** Set for an address. */
  href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"']+/giu;
const ENDING = /[.,:;!?…]+$/u;

/** Splits a text into addresses and what is between them. Together the parts are the text. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const href = withoutEnd(match[0]);
    if (href.length <= 'https://'.length) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** Ends of a sentence are no part of an address, nor is a bracket that it did not open. */
function withoutEnd(address: string): string {
  const text = address.replace(ENDING, '');
  const isUnopened = text.endsWith(')') && text.split('(').length < text.split(')').length;
  return isUnopened ? withoutEnd(text.slice(0, -1)) : text;
}

const FEW_EMOJI =
  /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\ufe0f|\u200d\p{Extended_Pictographic})*){1,3}$/u;

/** True for one to three emoji and nothing else: they are shown large, without a bubble. */
export const isFewEmoji = (text: string): boolean => FEW_EMOJI.test(text);
