/**
 * Web addresses in what people write, as links. What a link shows is where it leads: an address that a browser would
 * read otherwise than it is written is shown as the browser reads it. Nothing here parses HTML.
 */
import { hasControls, isReordering } from '../bidi.js';
import { h } from './dom.js';

/** For whatever leads out of the page. */
export const OUTWARD = { target: '_blank', rel: 'noopener noreferrer nofollow' };

const CANDIDATES = /(?<![\p{L}\p{N}_@.-])(?:https?:\/\/|www\.)[^\s<>"]+/giu;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** What ends a sentence, not an address. */
const TRAILING = new Set(".,:;!?'’”»›…*`\\。、，．：；！？」』】）》〉");
/** @type {Record<string, string>} */
const OPENING = { ')': '(', ']': '[', '}': '{' };

/** @typedef {{ text: string, href?: string }} Piece */

/**
 * A paragraph with directional controls has no links: it may show an address that is not there.
 *
 * @param {string} text
 * @returns {Piece[]} in order; those with an address are links
 */
export const splitLinks = (text) =>
  text
    .split(/(\n)/u)
    .flatMap((paragraph) => (hasControls(paragraph) ? [{ text: paragraph }] : splitParagraph(paragraph)));

/**
 * @param {string} paragraph
 * @returns {Piece[]}
 */
function splitParagraph(paragraph) {
  /** @type {Piece[]} */
  const pieces = [];
  let from = 0;
  for (const { 0: found, index } of paragraph.matchAll(CANDIDATES)) {
    const written = withoutTrailing(found);
    const href = hrefOf(written);
    if (href === undefined) continue;
    pieces.push({ text: paragraph.slice(from, index) }, { text: shownOf(written, href), href });
    from = index + written.length;
  }
  return [...pieces, { text: paragraph.slice(from) }].filter(({ text }) => text !== '');
}

/** A closing bracket belongs to the address that has its opening one. @param {string} found */
function withoutTrailing(found) {
  const count = (/** @type {string} */ character) => found.split(character).length;
  const surplus = new Map(
    Object.entries(OPENING).map(([closing, opening]) => [closing, count(closing) - count(opening)]),
  );
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found[end - 1];
    const unopened = surplus.get(last) ?? 0;
    if (unopened > 0) surplus.set(last, unopened - 1);
    else if (!TRAILING.has(last)) break;
  }
  return found.slice(0, end);
}

/**
 * @param {string} written
 * @returns {string | undefined} undefined when it is no address of the web, or one that signs somebody in
 */
function hrefOf(written) {
  const address = withScheme(written);
  if (!URL.canParse(address)) return undefined;
  const { href, protocol, hostname, username, password } = new URL(address);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return isWeb && username === '' && password === '' && hostname !== 'www.' ? href : undefined;
}

/** @param {string} written */
const withScheme = (written) => (/^www\./iu.test(written) ? `https://${written}` : written);

/**
 * As it was written, as long as its host is what stands there and nothing in it is invisible or reorders the rest.
 *
 * @param {string} written
 * @param {string} href
 */
function shownOf(written, href) {
  const hostWritten = /^https?:\/\/([^/?#]*)/iu.exec(withScheme(written))?.[1] ?? '';
  const { host, port } = new URL(href);
  const isPlain = !INVISIBLE.test(written) && !isReordering(written);
  const isHostSame = [host, port === '' ? `${host}:80` : host, port === '' ? `${host}:443` : host].includes(
    hostWritten.toLowerCase(),
  );
  return isPlain && isHostSame ? written : href;
}

/**
 * @param {string} text
 * @returns {(string | HTMLAnchorElement)[]}
 */
export const linked = (text) =>
  splitLinks(text).map((piece) =>
    piece.href === undefined
      ? piece.text
      : h('a', { class: 'text-link', dir: 'ltr', href: piece.href, ...OUTWARD }, piece.text),
  );
