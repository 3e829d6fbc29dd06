/**
 * The list of conversations.
 *
 * @import { Client } from '../client.js'
 * @import { Conversation, State } from '../types.js'
 */
import { listOf, nameOf, otherOf, pendingOf, statusOf, unreadOf } from '../selectors.js';
import { avatar } from './avatar.js';
import { arrange, h, hidden, icon, setAttribute, setText } from './dom.js';
import { badge, fullTime, listTime } from './format.js';

const LOAD_MORE_WITHIN_PX = 400;

/** @typedef {{ element: HTMLElement, link: HTMLAnchorElement, avatarFor: unknown, sign: string }} Row */

/**
 * @param {{ list: HTMLElement, scroller: HTMLElement, listEmpty: HTMLElement }} parts
 * @param {Client} client
 */
export function mountSidebar({ list, scroller, listEmpty }, client) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  let isLoading = false;

  async function loadMore() {
    const { scrollHeight, scrollTop, clientHeight } = scroller;
    if (isLoading || scrollHeight - scrollTop - clientHeight > LOAD_MORE_WITHIN_PX) return;
    isLoading = true;
    await client.loadMore();
    isLoading = false;
  }

  scroller.addEventListener('scroll', () => void loadMore(), { passive: true });
  list.addEventListener('keydown', moveFocus);

  return function render() {
    const state = client.store.getState();
    const listed = listOf(state);
    listEmpty.hidden = !state.listed || listed.length > 0;
    setAttribute(list, 'aria-busy', state.listed ? undefined : 'true');
    for (const id of rows.keys()) if (state.conversations[id] === undefined) rows.delete(id);
    const elements = listed.map((conversation) => {
      const row = rows.get(conversation.id) ?? createRow(conversation);
      rows.set(conversation.id, row);
      updateRow(row, state, conversation);
      return row.element;
    });
    arrange(list, elements);
    void loadMore();
  };
}

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const item = /** @type {Element} */ (event.target).closest('li');
  const next = event.key === 'ArrowDown' ? item?.nextElementSibling : item?.previousElementSibling;
  const link = next?.querySelector('a');
  if (!link) return;
  event.preventDefault();
  link.focus();
}

/**
 * @param {Conversation} conversation
 * @returns {Row}
 */
function createRow({ id }) {
  const link = h('a', { class: 'conversation', href: `#/c/${id}`, 'data-id': id });
  return { element: h('li', {}, link), link, avatarFor: undefined, sign: '' };
}

/**
 * @param {Row} row
 * @param {State} state
 * @param {Conversation} conversation
 */
function updateRow(row, state, conversation) {
  setAttribute(row.link, 'aria-current', state.openId === conversation.id ? 'page' : undefined);
  const shown = toRow(state, conversation);
  const sign = JSON.stringify(shown);
  if (sign === row.sign) return;
  row.sign = sign;
  const { name, isOnline, time, at, unread, preview } = shown;
  row.link.replaceChildren(
    h('span', { class: isOnline ? 'avatar-frame online' : 'avatar-frame' }, avatar(otherOf(conversation))),
    h('span', { class: 'conversation-name' }, name, isOnline ? hidden(', online') : undefined),
    h('time', { class: 'conversation-time', datetime: at, title: fullTime(at) }, time),
    h(
      'span',
      { class: `conversation-preview ${preview.tone}` },
      preview.icon === undefined ? undefined : icon(preview.icon, `tick tick-${preview.tick}`),
      preview.tick === undefined ? undefined : hidden(`${preview.tick}: `),
      h('span', { class: 'preview-text', dir: 'auto' }, preview.text),
    ),
    h(
      'span',
      { class: 'badge', ...(unread === 0 && { hidden: true }) },
      h('span', { 'aria-hidden': 'true' }, badge(unread)),
      hidden(`${unread} unread`),
    ),
  );
  setAttribute(row.link, 'data-unread', unread > 0);
}

/**
 * @param {State} state
 * @param {Conversation} conversation
 */
function toRow(state, conversation) {
  const other = otherOf(conversation);
  return {
    name: nameOf(other),
    picture: other.avatar,
    isOnline: state.presence[other._id]?.status === 'online' && state.connection.status === 'online',
    time: listTime(conversation.lastMessageAt),
    at: conversation.lastMessageAt,
    unread: unreadOf(state, conversation),
    preview: previewOf(state, conversation),
  };
}

/**
 * @param {State} state
 * @param {Conversation} conversation
 * @returns {{ text: string, tone: string, icon?: string, tick?: string }}
 */
function previewOf(state, conversation) {
  if (state.typing[conversation.id] !== undefined) return { text: 'typing…', tone: 'lively' };
  const pending = pendingOf(state, conversation.id).at(-1);
  if (pending !== undefined) {
    const isFailed = pending.state === 'failed';
    return {
      text: pending.content,
      tone: '',
      icon: isFailed ? 'failed' : 'clock',
      tick: isFailed ? 'failed' : 'sending',
    };
  }
  const last = conversation.lastMessage;
  if (last === undefined) return { text: 'No messages yet', tone: 'faint' };
  const text = last.deletedAt === undefined ? last.content : 'This message was deleted';
  if (last.senderId !== state.me) return { text, tone: '' };
  const status = statusOf(conversation, last);
  return { text, tone: '', icon: status === 'sent' ? 'sent' : 'delivered', tick: status };
}

/**
 * Who this window is.
 *
 * @param {HTMLElement} element
 * @param {import('../types.js').User} user
 */
export function renderMe(element, user) {
  if (element.dataset.sign === JSON.stringify(user)) return;
  element.dataset.sign = JSON.stringify(user);
  const name = h('span', { class: 'me-name' });
  setText(name, nameOf(user));
  element.replaceChildren(avatar(user, 'small'), name);
}
