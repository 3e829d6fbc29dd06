/**
 * The elements of the list of messages.
 *
 * @import { ParleyClient } from '@parley/client'
 * @import { MessageRow, Row } from './rows.js'
 */
import { h, hidden } from './dom.js';
import { fillMessage } from './messageElement.js';

/**
 * @typedef {object} RowActions
 * @property {ParleyClient} parley
 * @property {(clientMessageId: string) => void} retry
 * @property {(clientMessageId: string) => void} discard
 * @property {() => void} loadAgain
 * @property {(row: MessageRow, opener: HTMLElement, at?: { x: number, y: number }) => void} menu
 * @property {(row: MessageRow, emoji: string) => void} react
 * @property {(row: MessageRow) => void} reactions who reacted
 * @property {(row: MessageRow) => void} receipts
 * @property {(seq: number) => void} jump
 */

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
    case 'system':
      element.className = 'row-system';
      element.dataset.id = row.key;
      element.dataset.seq = String(row.seq);
      return element.replaceChildren(h('span', {}, row.text));
    case 'day':
      element.className = 'row-day';
      return element.replaceChildren(h('span', {}, row.name));
    case 'divider':
      element.className = 'row-divider';
      return element.replaceChildren(h('span', {}, 'New messages'));
    case 'start':
      element.className = 'row-start';
      return element.replaceChildren(
        row.isGroup ? 'This is where it begins for you.' : 'This is the beginning of your conversation.',
      );
    case 'gap':
    case 'older':
      element.className = 'row-loading';
      return element.replaceChildren(row.isFailed ? again(actions) : loading());
    case 'typing':
      element.className = 'row typing';
      return element.replaceChildren(
        ...(row.author === undefined ? [] : [h('span', { class: 'author', dir: 'auto' }, row.author)]),
        h('div', { class: 'bubble' }, h('i'), h('i'), h('i'), hidden('typing…')),
      );
  }
}

/** @param {RowActions} actions */
const again = ({ loadAgain }) =>
  h('button', { class: 'link', type: 'button', click: loadAgain }, 'Could not load. Try again');

const loading = () => h('span', { class: 'spinner' }, hidden('Loading earlier messages'));
