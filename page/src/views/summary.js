/**
 * A message in a few words: for the list, quotes and pins. Pure.
 *
 * @import { Card, ClientState, Message, PendingMessage, QuoteView } from '@parley/client'
 */
import { nameFor } from '../names.js';
import { showControls, showInvisible, withoutControls } from '../bidi.js';
import { systemText } from './systemText.js';

/** @type {Record<string, string>} */
const KINDS = {
  image: 'Picture',
  voice: 'Voice message',
  file: 'File',
  location: 'Location',
  card: 'Product',
  hidden: 'A message you cannot see',
  deleted: 'This message was deleted',
  text: '',
  system: '',
};

/** @type {Record<string, string>} */
export const KIND_ICONS = {
  image: 'image',
  voice: 'voice',
  file: 'file',
  location: 'location',
  card: 'product',
};

/** @param {{ kind: string, content?: string | undefined }} said */
export const wordsOf = ({ kind, content }) =>
  content !== undefined && content !== '' ? withoutControls(content) : (KINDS[kind] ?? 'Message');

/**
 * @param {ClientState} state
 * @param {Message} message
 */
export function summaryOf(state, message) {
  if (message.deletedAt !== undefined) return KINDS.deleted;
  if (message.kind === 'system') return systemText(state, message) ?? '';
  const { content, attachments, card, location } = message;
  if (content !== '') return withoutControls(content);
  const title = card?.title || location?.title;
  return title ? showControls(title) : showInvisible(attachments?.[0]?.name ?? '') || wordsOf(message);
}

/**
 * @param {ClientState} state
 * @param {QuoteView | undefined} quote
 * @returns {{ author: string, text: string, kind: string }}
 */
export function quoteLine(state, quote) {
  if (quote === undefined) return { author: '', text: 'An earlier message', kind: 'text' };
  const author =
    quote.senderId === undefined
      ? ''
      : quote.senderId === state.userId
        ? 'You'
        : nameFor(state, quote.senderId);
  return { author, text: wordsOf(quote), kind: quote.kind };
}

/** What carries something else than text. @param {PendingMessage} entry */
export const kindOf = ({ attachments, uploads, location, card }) =>
  location !== undefined
    ? 'location'
    : card !== undefined
      ? 'card'
      : uploads !== undefined
        ? 'file'
        : kindOfFirst(attachments);

/** @param {import('@parley/client').CarriedContent['attachments']} attachments */
function kindOfFirst(attachments) {
  const [first] = attachments ?? [];
  if (first === undefined) return 'text';
  return 'kind' in first ? first.kind : 'file';
}

/** @param {NonNullable<Card['price']>} price */
export function priceText({ amount, currency }) {
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(Number(amount));
  } catch {
    return `${amount} ${currency}`;
  }
}
