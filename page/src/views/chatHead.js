/**
 * The head of the open conversation: who or what it is with, and what it is about.
 *
 * @import { ClientState, ConversationRecord, OccasionView } from '@parley/client'
 */
import { isConnected } from '@parley/client/selectors';
import { isolate, showControls } from '../bidi.js';
import { nameOf, nameWithin, nameWithinFor, peerOf } from '../names.js';
import { isPresent, typistIn } from '../presence.js';
import { avatar } from './avatar.js';
import { h, icon, setAttribute, setText } from './dom.js';
import { lastSeen } from './format.js';

const OCCASIONS = { product: 'Product', seller: 'Seller', order: 'Order', general: 'General' };

/**
 * @param {Record<string, any>} parts the parts of the page
 */
export function mountChatHead(parts) {
  let sign = '';

  /**
   * @param {ClientState} state
   * @param {ConversationRecord | undefined} conversation
   */
  return function render(state, conversation) {
    setText(parts.sub, subtitle(state, conversation));
    setAttribute(parts.sub, 'data-lively', typistIn(state, conversation?.id) !== undefined);
    const other = conversation === undefined ? undefined : peerOf(conversation);
    const isOnline = other !== undefined && isPresent(state, other._id);
    const next = JSON.stringify([other, conversation?.occasions, isOnline, conversation?.type]);
    if (next === sign) return;
    sign = next;
    const name = other === undefined ? '' : nameOf(other);
    setText(parts.title, name);
    const placeholder = other === undefined ? 'Message' : `Message ${nameWithin(other)}`;
    setAttribute(parts.composerText, 'placeholder', placeholder);
    parts.headAvatar.className = isOnline ? 'avatar-frame online' : 'avatar-frame';
    const shape = conversation?.type === 'direct' ? '' : 'group';
    parts.headAvatar.replaceChildren(...(other === undefined ? [] : [avatar(other, shape)]));
    renderOccasions(parts.occasion, conversation?.occasions ?? []);
  };
}

/**
 * @param {ClientState} state
 * @param {ConversationRecord | undefined} conversation
 */
export function subtitle(state, conversation) {
  if (conversation === undefined) return '';
  const typist = typistIn(state, conversation.id);
  if (conversation.type !== 'direct') {
    return typist === undefined ? sizeOf(conversation) : `${nameWithinFor(state, typist)} is typing…`;
  }
  // Without a connection nothing is known of others.
  if (!isConnected(state)) return '';
  if (typist !== undefined) return 'typing…';
  if (isPresent(state, conversation.otherUserId)) return 'online';
  const seen = state.presence[conversation.otherUserId]?.lastSeenAt;
  if (seen !== undefined) return lastSeen(seen);
  return state.presence[conversation.otherUserId] === undefined ? '' : 'offline';
}

/** @param {ConversationRecord} conversation */
export const sizeOf = ({ type, memberCount }) =>
  `${type === 'channel' ? 'Channel · ' : ''}${memberCount.toLocaleString()} ${memberCount === 1 ? 'member' : 'members'}`;

/**
 * The newest occasion of the chat; the others where one points at it.
 *
 * @param {HTMLElement} element
 * @param {readonly OccasionView[]} occasions
 */
function renderOccasions(element, occasions) {
  const newest = occasions.at(-1);
  element.hidden = newest === undefined;
  if (newest === undefined) return;
  const text = (/** @type {OccasionView} */ { kind, title, id }) =>
    [OCCASIONS[kind], isolate(showControls(title ?? id ?? ''))].filter(Boolean).join(' · ');
  setAttribute(element, 'title', occasions.map(text).reverse().join('\n'));
  element.replaceChildren(
    icon(newest.kind),
    h('span', { class: 'occasion-text' }, text(newest)),
    ...(occasions.length > 1 ? [h('span', { class: 'occasion-more' }, `+${occasions.length - 1}`)] : []),
  );
}
