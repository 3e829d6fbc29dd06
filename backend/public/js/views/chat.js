/**
 * The open conversation: who it is with, what was said, and where one writes.
 *
 * @import { Client } from '../client.js'
 * @import { Conversation, State } from '../types.js'
 */
import { nameOf, otherOf } from '../selectors.js';
import { avatar } from './avatar.js';
import { renderBanner } from './banner.js';
import { mountComposer } from './composer.js';
import { h, icon, setAttribute, setText } from './dom.js';
import { lastSeen } from './format.js';
import { mountMessageList } from './messageList.js';

const OCCASIONS = { product: 'Product', seller: 'Seller', order: 'Order', general: 'General' };

/**
 * @param {Record<string, any>} parts the parts of the page
 * @param {Client} client
 */
export function mountChat(parts, client) {
  const messages = mountMessageList(
    { scroller: parts.messagesScroller, list: parts.messages, jump: parts.jump, jumpCount: parts.jumpCount },
    client,
  );
  const composer = mountComposer(
    { form: parts.composer, text: parts.composerText, send: parts.send },
    client,
    messages.toEnd,
  );
  let sign = '';

  /**
   * @param {State} state
   * @param {Conversation | undefined} conversation
   */
  function renderHead(state, conversation) {
    setText(parts.sub, subtitle(state, conversation));
    setAttribute(parts.sub, 'data-lively', state.typing[state.openId ?? ''] !== undefined);
    const other = conversation === undefined ? undefined : otherOf(conversation);
    const isOnline = other !== undefined && isPresent(state, other._id);
    const next = JSON.stringify([other, conversation?.occasions, isOnline]);
    if (next === sign) return;
    sign = next;
    setText(parts.title, other === undefined ? '' : nameOf(other));
    setAttribute(
      parts.composerText,
      'placeholder',
      other === undefined ? 'Message' : `Message ${nameOf(other)}`,
    );
    parts.headAvatar.className = isOnline ? 'avatar-frame online' : 'avatar-frame';
    parts.headAvatar.replaceChildren(...(other === undefined ? [] : [avatar(other)]));
    renderOccasions(parts.occasion, conversation?.occasions ?? []);
  }

  return function render() {
    const state = client.store.getState();
    const { openId } = state;
    parts.none.hidden = openId !== undefined;
    parts.open.hidden = openId === undefined;
    renderBanner(parts.banner, state.connection);
    renderHead(state, openId === undefined ? undefined : state.conversations[openId]);
    composer.show(openId);
    messages.render();
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
function subtitle(state, conversation) {
  // Without a connection nothing is known of others.
  if (conversation === undefined || state.connection.status !== 'online') return '';
  if (state.typing[conversation.id] !== undefined) return 'typing…';
  if (isPresent(state, conversation.otherId)) return 'online';
  const seen = state.presence[conversation.otherId]?.lastSeenAt;
  if (seen !== undefined) return lastSeen(seen);
  return state.presence[conversation.otherId] === undefined ? '' : 'offline';
}

/**
 * The newest occasion of the chat; the others where one points at it.
 *
 * @param {HTMLElement} element
 * @param {import('../types.js').Occasion[]} occasions
 */
function renderOccasions(element, occasions) {
  const newest = occasions.at(-1);
  element.hidden = newest === undefined;
  if (newest === undefined) return;
  const text = (/** @type {import('../types.js').Occasion} */ { kind, title, id }) =>
    [OCCASIONS[kind], title ?? id].filter(Boolean).join(' · ');
  setAttribute(element, 'title', occasions.map(text).reverse().join('\n'));
  element.replaceChildren(
    icon(newest.kind),
    h('span', { class: 'occasion-text' }, text(newest)),
    ...(occasions.length > 1 ? [h('span', { class: 'occasion-more' }, `+${occasions.length - 1}`)] : []),
  );
}
