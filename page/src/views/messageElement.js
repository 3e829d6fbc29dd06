/**
 * One message: who says it, what it answers, what it carries, what others think of it, and how far it has come.
 *
 * @import { MessageRow } from './rows.js'
 * @import { RowActions } from './rowElements.js'
 */
import { reasonOf } from '../sentences.js';
import { avatar, hueOf } from './avatar.js';
import { carriedElements, fileElements } from './carried.js';
import { h, hidden, icon } from './dom.js';
import { clockTime, fullTime } from './format.js';
import { linked } from './links.js';
import { KIND_ICONS } from './summary.js';

const STATUS_TEXTS = {
  sending: 'Sending',
  failed: 'Not sent',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
};

const STATUS_ICONS = {
  sending: 'clock',
  failed: 'failed',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
};

/**
 * @param {HTMLElement} element
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
export function fillMessage(element, row, actions) {
  const { seq, clientMessageId, isMine, isFirst, isLast, status, author } = row;
  element.className = [
    'row',
    isMine && 'mine',
    isFirst && 'first',
    isLast && 'last',
    author !== undefined && 'in-group',
    status,
  ]
    .filter(Boolean)
    .join(' ');
  element.dataset.id = clientMessageId;
  if (seq !== undefined) element.dataset.seq = String(seq);
  const files = fileElements(element);
  const line = h(
    'div',
    { class: 'line' },
    bubble(row, actions, files),
    seq === undefined ? undefined : tools(row, actions),
  );
  if (seq !== undefined) listenForMenu(line, row, actions);
  element.replaceChildren(
    ...(author !== undefined && isFirst ? [authorName(row)] : []),
    ...(author !== undefined && isLast ? [h('span', { class: 'row-avatar' }, personAvatar(row))] : []),
    line,
    ...(row.reactions.length > 0 ? [reactions(row, actions)] : []),
    ...(row.seenBy === undefined ? [] : [seenBy(row, actions)]),
    ...(status === 'failed' ? [failure(row, actions)] : []),
  );
}

/** @param {MessageRow} row */
const personAvatar = ({ senderId, author, picture }) =>
  avatar({ _id: senderId, name: author, avatar: picture }, 'tiny');

/** @param {MessageRow} row */
const authorName = ({ senderId, author }) =>
  h('span', { class: `author tint-${hueOf(senderId)}`, dir: 'auto' }, author);

/**
 * @param {MessageRow} row
 * @param {RowActions} actions
 * @param {ReadonlyMap<string, Element>} files elements that stay
 */
const bubble = (row, actions, files) =>
  h(
    'div',
    { class: row.content === '' && !row.isDeleted ? 'bubble no-text' : 'bubble' },
    hidden(row.isMine ? 'You: ' : row.author === undefined ? 'They: ' : `${row.author}: `),
    row.quote === undefined ? undefined : quote(row.quote, actions),
    ...carriedElements(row.carried, actions.parley, files),
    words(row),
    meta(row),
  );

/** @param {MessageRow} row */
function words({ isDeleted, content }) {
  if (isDeleted) return h('span', { class: 'text deleted' }, 'This message was deleted');
  return content === '' ? undefined : h('span', { class: 'text', dir: 'auto' }, ...linked(content));
}

/**
 * @param {NonNullable<MessageRow['quote']>} quoted
 * @param {RowActions} actions
 */
const quote = ({ seq, author, text, kind }, { jump }) =>
  h(
    'button',
    { class: 'quote', type: 'button', title: 'Go to this message', click: () => jump(seq) },
    author === '' ? undefined : h('span', { class: 'quote-author', dir: 'auto' }, author),
    h(
      'span',
      { class: kind === 'deleted' || kind === 'hidden' ? 'quote-text faint' : 'quote-text', dir: 'auto' },
      KIND_ICONS[kind] === undefined ? undefined : icon(KIND_ICONS[kind]),
      h('span', {}, text),
    ),
  );

/** @param {MessageRow} row */
const meta = ({ at, isEdited, isDeleted, isPinned, status }) =>
  h(
    'span',
    { class: 'meta' },
    isPinned ? icon('pin', 'tick') : undefined,
    isPinned ? hidden('pinned ') : undefined,
    isEdited && !isDeleted ? 'edited ' : undefined,
    h('time', { datetime: at, title: fullTime(at) }, clockTime(at)),
    status === undefined ? undefined : icon(STATUS_ICONS[status], `tick tick-${status}`),
    status === undefined ? undefined : hidden(`, ${STATUS_TEXTS[status]}`),
  );

/**
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
const tools = (row, { menu }) =>
  h(
    'button',
    {
      class: 'more',
      type: 'button',
      tabindex: '-1',
      'aria-label': 'What to do with this message',
      'aria-haspopup': 'menu',
      click: (/** @type {MouseEvent} */ event) => menu(row, /** @type {HTMLElement} */ (event.currentTarget)),
    },
    icon('down'),
  );

/**
 * The menu also comes where one points with the other button, and under a finger by a tap: there is nothing to hover
 * with.
 *
 * @param {HTMLElement} line
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
function listenForMenu(line, row, { menu }) {
  const opener = () => /** @type {HTMLElement} */ (line.querySelector('.more'));
  line.addEventListener('contextmenu', (event) => {
    if (isActive(event.target) || hasSelection()) return;
    event.preventDefault();
    menu(row, opener(), { x: event.clientX, y: event.clientY });
  });
  line.addEventListener('click', (event) => {
    if (!matchMedia('(hover: none)').matches || isActive(event.target) || hasSelection()) return;
    menu(row, opener(), { x: event.clientX, y: event.clientY });
  });
}

/** @param {EventTarget | null} target */
const isActive = (target) => target instanceof Element && target.closest('a, button, audio') !== null;

const hasSelection = () => getSelection()?.isCollapsed === false;

/**
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
const reactions = (row, actions) =>
  h(
    'div',
    { class: 'reactions' },
    ...row.reactions.map(({ emoji, count, own }) =>
      h(
        'button',
        {
          class: own ? 'reaction own' : 'reaction',
          type: 'button',
          'aria-pressed': String(own),
          'aria-label': `${emoji}, ${count}${own ? ', yours too' : ''}`,
          title: 'Hold to see who',
          click: () => actions.react(row, emoji),
          contextmenu(/** @type {Event} */ event) {
            event.preventDefault();
            actions.reactions(row);
          },
        },
        h('bdi', {}, emoji),
        h('span', { class: 'reaction-count' }, String(count)),
      ),
    ),
  );

/**
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
const seenBy = (row, { receipts }) =>
  h('button', { class: 'seen-by', type: 'button', click: () => receipts(row) }, row.seenBy);

/**
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
const failure = ({ clientMessageId, code }, { retry, discard }) =>
  h(
    'div',
    { class: 'failure' },
    h(
      'button',
      { class: 'link', type: 'button', click: () => retry(clientMessageId) },
      `Not sent. ${reasonOf(code) ?? ''} Tap to retry`.replace('  ', ' '),
    ),
    h('button', { class: 'link quiet', type: 'button', click: () => discard(clientMessageId) }, 'Delete'),
  );
