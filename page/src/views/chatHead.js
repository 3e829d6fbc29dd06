/**
 * The head of the open conversation: who or what it is with, and what it is about.
 *
 * @import { Conversation, Occasion, State } from '../types.js'
 */
import { isolate, showControls } from '../bidi.js';
import { nameOf, nameWithin, nameWithinFor, otherOf } from '../selectors.js';
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
   * @param {State} state
   * @param {Conversation | undefined} conversation
   */
  return function render(state, conversation) {
    setText(parts.sub, subtitle(state, conversation));
    setAttribute(parts.sub, 'data-lively', state.typing[state.openId ?? ''] !== undefined);
    const other = conversation === undefined ? undefined : otherOf(conversation);
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
 * @param {State} state
 * @param {string} userId
 */
const isPresent = (state, userId) =>
  state.connection.status === 'online' && state.presence[userId]?.status === 'online';

/**
 * @param {State} state
 * @param {Conversation | undefined} conversation
 */
export function subtitle(state, conversation) {
  if (conversation === undefined) return '';
  const typist = state.typing[conversation.id];
  if (conversation.type !== 'direct') {
    return typist === undefined ? sizeOf(conversation) : `${nameWithinFor(state, typist)} is typing…`;
  }
  // Without a connection nothing is known of others.
  if (state.connection.status !== 'online') return '';
  if (typist !== undefined) return 'typing…';
  if (isPresent(state, conversation.otherId)) return 'online';
  const seen = state.presence[conversation.otherId]?.lastSeenAt;
  if (seen !== undefined) return lastSeen(seen);
  return state.presence[conversation.otherId] === undefined ? '' : 'offline';
}

/** @param {Conversation} conversation */
export const sizeOf = ({ type, memberCount }) =>
  `${type === 'channel' ? 'Channel · ' : ''}${memberCount.toLocaleString()} ${memberCount === 1 ? 'member' : 'members'}`;

/**
 * The newest occasion of the chat; the others where one points at it.
 *
 * @param {HTMLElement} element
 * @param {Occasion[]} occasions
 */
function renderOccasions(element, occasions) {
  const newest = occasions.at(-1);
  element.hidden = newest === undefined;
  if (newest === undefined) return;
  const text = (/** @type {Occasion} */ { kind, title, id }) =>
    [OCCASIONS[kind], isolate(showControls(title ?? id ?? ''))].filter(Boolean).join(' · ');
  setAttribute(element, 'title', occasions.map(text).reverse().join('\n'));
  element.replaceChildren(
    icon(newest.kind),
    h('span', { class: 'occasion-text' }, text(newest)),
    ...(occasions.length > 1 ? [h('span', { class: 'occasion-more' }, `+${occasions.length - 1}`)] : []),
  );
}
