import { hasControls, isReordering } from '../bidi.js';

export interface TextPart {
  text: string;
  /** Set for an address. */
  href?: string;
}

const CANDIDATES = /(?<![\p{L}\p{N}_@.-])(?:https?:\/\/|www\.)[^\s<>"]+/giu;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** Ends of sentences, which are no part of an address. */
const TRAILING = new Set(".,:;!?'’”»›…*`\\。、，．：；！？」』】）》〉");
const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * Splits a text into addresses of the web and what is between them. A link shows where it leads: an address that is read
 * differently from how it is written is shown as it is read. A paragraph with directional controls has no links: it may show
 * an address that is not there.
 */
export const splitLinks = (text: string): TextPart[] =>
  text
    .split(/(\n)/u)
    .flatMap((paragraph) => (hasControls(paragraph) ? [{ text: paragraph }] : splitParagraph(paragraph)));

function splitParagraph(paragraph: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: found, index } of paragraph.matchAll(CANDIDATES)) {
    const written = withoutTrailing(found);
    const href = hrefOf(written);
    if (href === undefined) continue;
    parts.push({ text: paragraph.slice(from, index) }, { text: shownOf(written, href), href });
    from = index + written.length;
  }
  return [...parts, { text: paragraph.slice(from) }].filter(({ text }) => text !== '');
}

/** A closing bracket belongs to the address that has its opening one. */
function withoutTrailing(found: string): string {
  const count = (character: string): number => found.split(character).length;
  const surplus = new Map(
    Object.entries(OPENING).map(([closing, opening]) => [closing, count(closing) - count(opening)]),
  );
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found[end - 1] ?? '';
    const unopened = surplus.get(last) ?? 0;
    if (unopened > 0) surplus.set(last, unopened - 1);
    else if (!TRAILING.has(last)) break;
  }
  return found.slice(0, end);
}

/** Returns the address in its normal form; undefined when it is none of the web, or one that signs someone in. */
function hrefOf(written: string): string | undefined {
  try {
    const { href, protocol, hostname, username, password } = new URL(withScheme(written));
    const isWeb = protocol === 'https:' || protocol === 'http:';
    return isWeb && username === '' && password === '' && hostname !== 'www.' ? href : undefined;
  } catch {
    // No address; or a phone whose `URL` is without these parts: text without links then.
    return undefined;
  }
}

const withScheme = (written: string): string => (/^www\./iu.test(written) ? `https://${written}` : written);

/** Returns it as it was written, as long as its host stands there, and nothing in it is invisible or reorders the rest. */
function shownOf(written: string, href: string): string {
  const hostWritten = /^https?:\/\/([^/?#]*)/iu.exec(withScheme(written))?.[1] ?? '';
  const { host, port } = new URL(href);
  const hosts = port === '' ? [host, `${host}:80`, `${host}:443`] : [host];
  const isPlain = !INVISIBLE.test(written) && !isReordering(written);
  return isPlain && hosts.includes(hostWritten.toLowerCase()) ? written : href;
}

const FEW_EMOJI =
  /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\ufe0f|\u200d\p{Extended_Pictographic})*){1,3}$/u;

/** True for one to three emoji and nothing else: they are shown large, without a bubble. */
export const isFewEmoji = (text: string): boolean => FEW_EMOJI.test(text);
