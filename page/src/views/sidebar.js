/**
 * The list of conversations: all of it, or what a filter leaves.
 *
 * @import { Client } from '../client.js'
 * @import { ClientState, ConversationRecord, UserView } from '@parley/client'
 */
import { isMutedAt, listOf, nowAt, pendingOf, statusOf, unreadOf } from '@parley/client/selectors';
import { SYSTEM_ID } from '../ids.js';
import { nameFor, nameOf, peerOf } from '../names.js';
import { isPresent, typistIn } from '../presence.js';
import { avatar } from './avatar.js';
import { openChatMenu } from './chatMenu.js';
import { arrange, h, hidden, icon, setAttribute, setText } from './dom.js';
import { mountFilters } from './filters.js';
import { badge, fullTime, listTime } from './format.js';
import { previewText } from './previewText.js';
import { KIND_ICONS, kindOf, summaryOf, wordsOf } from './summary.js';

const LOAD_MORE_WITHIN_PX = 400;
const EMPTY = {
  all: 'No conversations yet.',
  unread: 'Nothing unread.',
  groups: 'No groups yet.',
  archived: 'Nothing archived.',
};

/** @typedef {{ element: HTMLElement, link: HTMLAnchorElement, sign: string }} Row */

/**
 * @param {Record<string, HTMLElement>} parts the parts of the page
 * @param {Client} client
 */
export function mountSidebar({ list, scroller, listEmpty, listEmptyText, composeEmpty, filters }, client) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  let isLoading = false;
  const filter = mountFilters(filters, () => {
    scroller.scrollTop = 0;
    void loadPage();
    render();
  });

  async function loadMore() {
    const { scrollHeight, scrollTop, clientHeight } = scroller;
    if (isLoading || scrollHeight - scrollTop - clientHeight > LOAD_MORE_WITHIN_PX) return;
    isLoading = true;
    if (filter.chosen() === 'all' || scrollTop > 0) await loadPage();
    isLoading = false;
  }

  /** Failures show as a shorter list: scrolling on tries again. */
  const loadPage = () => client.parley.conversations.loadMore(filter.chosen()).catch(() => {});

  scroller.addEventListener('scroll', () => void loadMore(), { passive: true });
  list.addEventListener('keydown', moveFocus);

  /** @param {string} id */
  function createRow(id) {
    const link = h('a', { class: 'conversation', href: `#/c/${id}`, 'data-id': id });
    const button = h(
      'button',
      {
        class: 'tool row-menu',
        type: 'button',
        'aria-haspopup': 'menu',
        'aria-label': 'What to do with this chat',
      },
      icon('menu'),
    );
    button.addEventListener('click', () => openChatMenu(client, id, { opener: button }));
    const element = h('li', {}, link, button);
    element.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      openChatMenu(client, id, { opener: button, at: { x: event.clientX, y: event.clientY } });
    });
    return { element, link, sign: '' };
  }

  function render() {
    const state = client.state();
    const listed = listOf(state, filter.chosen());
    filter.render(state);
    listEmpty.hidden = !state.isListLoaded || listed.length > 0;
    setText(listEmptyText, EMPTY[filter.chosen()]);
    composeEmpty.hidden = filter.chosen() !== 'all' && filter.chosen() !== 'groups';
    setAttribute(list, 'aria-busy', state.isListLoaded ? undefined : 'true');
    for (const id of rows.keys()) if (state.conversations[id] === undefined) rows.delete(id);
    const elements = listed.map((conversation) => {
      const row = rows.get(conversation.id) ?? createRow(conversation.id);
      rows.set(conversation.id, row);
      updateRow(row, { state, openId: client.openId() }, conversation);
      return row.element;
    });
    arrange(list, elements);
    void loadMore();
  }

  return render;
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
 * @param {Row} row
 * @param {{ state: ClientState, openId: string | undefined }} shown
 * @param {ConversationRecord} conversation
 */
function updateRow(row, { state, openId }, conversation) {
  setAttribute(row.link, 'aria-current', openId === conversation.id ? 'page' : undefined);
  const shown = toRow(state, conversation);
  const sign = JSON.stringify(shown);
  if (sign === row.sign) return;
  row.sign = sign;
  const { name, isOnline, time, at, unread, preview, isGroup } = shown;
  row.link.replaceChildren(
    h(
      'span',
      { class: isOnline ? 'avatar-frame online' : 'avatar-frame' },
      avatar(peerOf(conversation), isGroup ? 'group' : ''),
    ),
    h('span', { class: 'conversation-name' }, h('bdi', {}, name), isOnline ? hidden(', online') : undefined),
    h('time', { class: 'conversation-time', datetime: at, title: fullTime(at) }, time),
    h(
      'span',
      { class: `conversation-preview ${preview.tone}` },
      preview.icon === undefined ? undefined : icon(preview.icon, `tick tick-${preview.tick ?? ''}`),
      preview.tick === undefined ? undefined : hidden(`${preview.tick}: `),
      previewText(preview),
    ),
    marks(shown),
  );
  setAttribute(row.link, 'data-unread', (unread > 0 || shown.isMarkedUnread) && !shown.isMuted);
}

/** Pinned, muted, how much is unread. @param {ReturnType<typeof toRow>} shown */
function marks({ unread, isMarkedUnread, isMuted: muted, isPinned }) {
  const isQuiet = unread === 0 && !isMarkedUnread;
  return h(
    'span',
    { class: 'conversation-marks' },
    muted ? icon('muted', 'mark') : undefined,
    muted ? hidden('muted') : undefined,
    isPinned ? icon('pin', 'mark') : undefined,
    isPinned ? hidden('pinned') : undefined,
    h(
      'span',
      {
        class: `badge${muted ? ' quiet' : ''}${unread === 0 ? ' dot' : ''}`,
        ...(isQuiet && { hidden: true }),
      },
      h('span', { 'aria-hidden': 'true' }, unread === 0 ? '' : badge(unread)),
      hidden(unread === 0 ? 'marked unread' : `${unread} unread`),
    ),
  );
}

/**
 * @param {ClientState} state
 * @param {ConversationRecord} conversation
 */
function toRow(state, conversation) {
  const other = peerOf(conversation);
  return {
    name: nameOf(other),
    picture: other.avatar,
    isGroup: conversation.type !== 'direct',
    isOnline: isPresent(state, other._id),
    at: conversation.lastMessageAt,
    time: listTime(conversation.lastMessageAt),
    unread: unreadOf(state, conversation),
    isMuted: isMutedAt(conversation, nowAt(state)),
    isPinned: conversation.pinnedAt !== undefined,
    isMarkedUnread: conversation.isMarkedUnread,
    preview: toPreview(state, conversation),
  };
}

/**
 * @param {ClientState} state
 * @param {ConversationRecord} conversation
 * @returns {{ author?: string, text: string, tone: string, icon?: string, tick?: string }}
 */
function toPreview(state, conversation) {
  const isDirect = conversation.type === 'direct';
  const typist = typistIn(state, conversation.id);
  if (typist !== undefined) {
    return {
      ...(isDirect ? { text: 'typing…' } : { author: nameFor(state, typist), text: ' is typing…' }),
      tone: 'lively',
    };
  }
  const pending = pendingOf(state, conversation.id).at(-1);
  if (pending !== undefined) {
    const isFailed = pending.status === 'failed';
    return {
      text: wordsOf({ kind: kindOf(pending), content: pending.content }),
      tone: '',
      icon: isFailed ? 'failed' : 'clock',
      tick: isFailed ? 'failed' : 'sending',
    };
  }
  const last = conversation.lastMessage;
  if (last === undefined) return { text: 'No messages yet', tone: 'faint' };
  const text = summaryOf(state, last);
  if (last.kind === 'system' || last.senderId === SYSTEM_ID) return { text, tone: 'faint' };
  if (last.senderId === state.userId) {
    const status = statusOf(conversation, last);
    return { text, tone: '', icon: status === 'sent' ? 'sent' : 'delivered', tick: status };
  }
  const kindIcon = last.deletedAt === undefined ? KIND_ICONS[last.kind] : undefined;
  return {
    ...(isDirect ? { text } : { author: nameFor(state, last.senderId), text: `: ${text}` }),
    tone: '',
    ...(kindIcon !== undefined && { icon: kindIcon }),
  };
}

/**
 * Who this window is.
 *
 * @param {HTMLElement} element
 * @param {UserView} user
 */
export function renderMe(element, user) {
  if (element.dataset.sign === JSON.stringify(user)) return;
  element.dataset.sign = JSON.stringify(user);
  const name = h('span', { class: 'me-name', dir: 'auto' });
  setText(name, nameOf(user));
  element.replaceChildren(avatar(user, 'small'), name);
}
