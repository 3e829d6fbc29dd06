/**
 * The elements of the list of messages.
 *
 * @import { MessageRow, Row } from './rows.js'
 */
import { reasonOf } from '../errors.js';
import { h, hidden, icon } from './dom.js';
import { clockTime, dayName, fullTime } from './format.js';

/**
 * @typedef {object} RowActions
 * @property {(clientMessageId: string) => void} retry
 * @property {(clientMessageId: string) => void} discard
 * @property {() => void} loadAgain
 */

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
 * Fills the element of a row; called again when the row has changed.
 *
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {RowActions} actions
 */
export function fillRow(element, row, actions) {
  switch (row.kind) {
    case 'message':
      return fillMessage(element, row, actions);
    case 'day':
      element.className = 'row-day';
      return element.replaceChildren(h('span', {}, dayName(row.at)));
    case 'divider':
      element.className = 'row-divider';
      return element.replaceChildren(h('span', {}, 'New messages'));
    case 'start':
      element.className = 'row-start';
      return element.replaceChildren('This is the beginning of your conversation.');
    case 'gap':
    case 'older':
      element.className = 'row-loading';
      return element.replaceChildren(
        row.isFailed
          ? h(
              'button',
              { class: 'link', type: 'button', click: actions.loadAgain },
              'Could not load. Try again',
            )
          : h('span', { class: 'spinner' }, hidden('Loading earlier messages')),
      );
    case 'typing':
      element.className = 'row typing';
      return element.replaceChildren(
        h('div', { class: 'bubble' }, h('i'), h('i'), h('i'), hidden('typing…')),
      );
  }
}

/**
 * @param {HTMLElement} element
 * @param {MessageRow} row
 * @param {RowActions} actions
 */
function fillMessage(element, row, actions) {
  const { seq, clientMessageId, isMine, isFirst, isLast, isDeleted, status } = row;
  element.className = ['row', isMine && 'mine', isFirst && 'first', isLast && 'last', status]
    .filter(Boolean)
    .join(' ');
  element.dataset.id = clientMessageId;
  if (seq !== undefined) element.dataset.seq = String(seq);
  const bubble = h(
    'div',
    { class: 'bubble' },
    hidden(isMine ? 'You: ' : 'They: '),
    row.quote === undefined ? undefined : h('blockquote', { class: 'quote', dir: 'auto' }, row.quote),
    h(
      'span',
      { class: isDeleted ? 'text deleted' : 'text', dir: 'auto' },
      isDeleted ? 'This message was deleted' : row.content,
    ),
    meta(row),
  );
  element.replaceChildren(bubble, ...(status === 'failed' ? [failure(row, actions)] : []));
}

/** @param {MessageRow} row */
const meta = ({ at, isEdited, status }) =>
  h(
    'span',
    { class: 'meta' },
    isEdited ? 'edited ' : undefined,
    h('time', { datetime: at, title: fullTime(at) }, clockTime(at)),
    status === undefined ? undefined : icon(STATUS_ICONS[status], `tick tick-${status}`),
    status === undefined ? undefined : hidden(`, ${STATUS_TEXTS[status]}`),
  );

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
