/**
 * What stands in the list of messages, top to bottom: messages with who they belong together with, days, holes, the
 * line before what is new. Pure, so that it can be tested without a page.
 *
 * @import { Message, Pending, State } from '../types.js'
 */
import { logOf, pendingOf, statusOf } from '../selectors.js';
import { indexOf, messageAt } from '../log.js';
import { dayKey } from './format.js';

/** Messages of one sender within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

/**
 * @typedef {object} MessageRow
 * @property {'message'} kind
 * @property {string} key the same while it is sending and when it is sent
 * @property {number | undefined} seq
 * @property {string} clientMessageId
 * @property {string} content
 * @property {string} at
 * @property {boolean} isMine
 * @property {'sending' | 'failed' | 'sent' | 'delivered' | 'read' | undefined} status of one's own
 * @property {string | undefined} code
 * @property {boolean} isEdited
 * @property {boolean} isDeleted
 * @property {boolean} isFirst of those that stand together
 * @property {boolean} isLast
 * @property {string | undefined} quote what it answers
 *
 * @typedef {MessageRow
 *   | { kind: 'day', key: string, at: string }
 *   | { kind: 'gap', key: string, from: number, to: number, isFailed: boolean }
 *   | { kind: 'older', key: string, isFailed: boolean }
 *   | { kind: 'start', key: string }
 *   | { kind: 'divider', key: string }
 *   | { kind: 'typing', key: string }} Row
 *
 * @typedef {object} View
 * @property {string} id the conversation
 * @property {number} low the lowest `seq` shown
 * @property {number} high the highest; `Infinity` follows what comes
 * @property {number | undefined} newFrom the first `seq` that was unread when it was opened
 */

/**
 * @param {State} state
 * @param {View} view
 * @returns {Row[]}
 */
export function buildRows(state, { id, low, high, newFrom }) {
  const log = logOf(state, id);
  const conversation = state.conversations[id];
  const isFailed = state.loading[id] === 'failed';
  const shown = log.slice(indexOf(log, low), indexOf(log, high + 1));
  /** @type {Row[]} */
  const rows = [];
  if (shown.length > 0) {
    rows.push(
      shown[0].seq === 1 ? { kind: 'start', key: 'start' } : { kind: 'older', key: 'older', isFailed },
    );
  } else if (conversation?.lastSeq === 0) {
    rows.push({ kind: 'start', key: 'start' });
  } else if (isFailed) {
    rows.push({ kind: 'older', key: 'older', isFailed });
  }
  const items = [
    ...shown.map((message) => ofMessage(state, message)),
    ...(high === Infinity ? pendingOf(state, id).map((entry) => ofPending(state, entry)) : []),
  ];
  items.forEach((item, index) => {
    const before = items[index - 1];
    if (item.seq !== undefined && before?.seq !== undefined && item.seq > before.seq + 1) {
      rows.push({ kind: 'gap', key: `gap ${before.seq}`, from: before.seq + 1, to: item.seq - 1, isFailed });
    }
    const isNewDay = before === undefined || dayKey(before.at) !== dayKey(item.at);
    const isNewest = item.seq !== undefined && item.seq === newFrom;
    if (isNewDay) rows.push({ kind: 'day', key: `day ${item.key}`, at: item.at });
    if (isNewest) rows.push({ kind: 'divider', key: 'divider' });
    item.isFirst = isNewDay || isNewest || !standTogether(before, item);
    if (before !== undefined && item.isFirst) before.isLast = true;
    rows.push(item);
  });
  const last = items.at(-1);
  if (last !== undefined) last.isLast = true;
  if (high === Infinity && state.typing[id] !== undefined) rows.push({ kind: 'typing', key: 'typing' });
  return rows;
}

/**
 * @param {MessageRow | undefined} before
 * @param {MessageRow} item
 */
function standTogether(before, item) {
  if (before === undefined || before.isMine !== item.isMine) return false;
  if (before.seq !== undefined && item.seq !== undefined && item.seq > before.seq + 1) return false;
  return Math.abs(Date.parse(item.at) - Date.parse(before.at)) < TOGETHER_MS;
}

/**
 * @param {State} state
 * @param {Message} message
 * @returns {MessageRow}
 */
function ofMessage(state, message) {
  const isMine = message.senderId === state.me;
  const answered =
    message.replyTo === undefined
      ? undefined
      : messageAt(logOf(state, message.conversationId), message.replyTo);
  return {
    kind: 'message',
    key: `${message.senderId}/${message.clientMessageId}`,
    seq: message.seq,
    clientMessageId: message.clientMessageId,
    content: message.content,
    at: message.createdAt,
    isMine,
    status: isMine ? statusOf(state.conversations[message.conversationId], message) : undefined,
    code: undefined,
    isEdited: message.editedAt !== undefined,
    isDeleted: message.deletedAt !== undefined,
    isFirst: false,
    isLast: false,
    quote: message.replyTo === undefined ? undefined : (answered?.content ?? 'An earlier message'),
  };
}

/**
 * @param {State} state
 * @param {Pending} entry
 * @returns {MessageRow}
 */
const ofPending = (state, entry) => ({
  kind: 'message',
  key: `${state.me}/${entry.clientMessageId}`,
  seq: undefined,
  clientMessageId: entry.clientMessageId,
  content: entry.content,
  at: entry.createdAt,
  isMine: true,
  status: entry.state === 'failed' ? 'failed' : 'sending',
  code: entry.code,
  isEdited: false,
  isDeleted: false,
  isFirst: false,
  isLast: false,
  quote: undefined,
});
