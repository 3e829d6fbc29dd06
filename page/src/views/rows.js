/**
 * What stands in the list of messages, top to bottom: messages with who they belong together with, days, holes, the
 * line before what is new, what happened to the group. Pure, so that it can be tested without a page.
 *
 * @import { CarriedContent, ClientState, ConversationRecord, LogEntry, PendingMessage, QuoteView, ReactionView } from '@parley/client'
 */
import {
  entryAt,
  indexOfSeq,
  isMessage,
  logOf,
  pendingOf,
  positionOf,
  quoteOf,
  statusOf,
} from '@parley/client/selectors';
import { SYSTEM_ID } from '../ids.js';
import { nameFor, nameWithinFor, senderOf } from '../names.js';
import { typistIn } from '../presence.js';
import { dayKey, dayName } from './format.js';
import { quoteLine, summaryOf } from './summary.js';
import { systemText } from './systemText.js';

/** Messages of one sender within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

/**
 * @typedef {object} MessageRow
 * @property {'message'} kind
 * @property {string} key the same while it is sending and when it is sent
 * @property {number | undefined} seq
 * @property {string} clientMessageId
 * @property {string} senderId
 * @property {string | undefined} author their name, in groups
 * @property {string | undefined} picture theirs
 * @property {string} content
 * @property {string} at
 * @property {boolean} isMine
 * @property {'sending' | 'failed' | 'sent' | 'delivered' | 'read' | undefined} status of one's own
 * @property {string | undefined} code
 * @property {boolean} isEdited
 * @property {boolean} isDeleted
 * @property {boolean} isPinned
 * @property {boolean} isFirst of those that stand together
 * @property {boolean} isLast
 * @property {{ seq: number, author: string, text: string, kind: string } | undefined} quote what it answers
 * @property {CarriedContent & { uploads?: readonly string[] }} carried
 * @property {ReactionView[]} reactions
 * @property {string | undefined} seenBy under the newest of one's own in a small group
 *
 * @typedef {{ kind: 'system', key: string, seq: number, at: string, text: string }} SystemRow
 *
 * @typedef {MessageRow
 *   | SystemRow
 *   | { kind: 'day', key: string, name: string }
 *   | { kind: 'gap', key: string, from: number, to: number, isFailed: boolean }
 *   | { kind: 'older', key: string, isFailed: boolean }
 *   | { kind: 'start', key: string, isGroup: boolean }
 *   | { kind: 'divider', key: string }
 *   | { kind: 'typing', key: string, author: string | undefined }} Row
 *
 * @typedef {object} View
 * @property {string} id the conversation
 * @property {number} low the lowest `seq` shown
 * @property {number} high the highest; `Infinity` follows what comes
 * @property {number | undefined} newFrom the first `seq` that was unread when it was opened
 */

/**
 * @param {ClientState} state
 * @param {View} view
 * @returns {Row[]}
 */
export function buildRows(state, { id, low, high, newFrom }) {
  const log = logOf(state, id);
  const conversation = state.conversations[id];
  const isFailed = state.loading[id] === 'failed';
  const shown = log.slice(indexOfSeq(log, low), indexOfSeq(log, high + 1));
  const rows = topRows({ conversation, first: shown[0]?.seq, isFailed });
  const isGroup = conversation !== undefined && conversation.type !== 'direct';
  /** The row before, and up to where places were looked at without a hole. @type {MessageRow | SystemRow | undefined} */
  let before;
  let through = 0;
  /** @type {(MessageRow | SystemRow)[]} */
  const items = [];
  let isNewest = false;
  for (const message of shown) {
    if (through > 0 && message.seq > through + 1) {
      rows.push({ kind: 'gap', key: `gap ${through}`, from: through + 1, to: message.seq - 1, isFailed });
      before = endRun(before);
    }
    through = message.seq;
    isNewest ||= message.seq === newFrom;
    const item = toRow(state, message, isGroup);
    if (item === undefined) continue;
    before = add(rows, before, { item, isNewest });
    isNewest = false;
    items.push(item);
  }
  for (const entry of high === Infinity ? pendingOf(state, id) : []) {
    const item = ofPending(state, entry);
    before = add(rows, before, { item, isNewest: false });
    items.push(item);
  }
  endRun(before);
  if (isGroup) noteSeenBy(state, conversation, items);
  if (high === Infinity) rows.push(...typingRow(state, id, isGroup));
  return rows;
}

/**
 * @param {{ conversation: ConversationRecord | undefined, first: number | undefined, isFailed: boolean }} top
 * @returns {Row[]}
 */
function topRows({ conversation, first, isFailed }) {
  const isGroup = conversation !== undefined && conversation.type !== 'direct';
  const isStart =
    first === undefined ? conversation?.lastSeq === 0 : first <= (conversation?.visibleFromSeq ?? 1);
  if (isStart) return [{ kind: 'start', key: 'start', isGroup }];
  return first !== undefined || isFailed ? [{ kind: 'older', key: 'older', isFailed }] : [];
}

/**
 * @param {Row[]} rows
 * @param {MessageRow | SystemRow | undefined} before
 * @param {{ item: MessageRow | SystemRow, isNewest: boolean }} next
 */
function add(rows, before, { item, isNewest }) {
  const isNewDay = before === undefined || dayKey(before.at) !== dayKey(item.at);
  if (isNewDay) rows.push({ kind: 'day', key: `day ${item.key}`, name: dayName(item.at) });
  if (isNewest) rows.push({ kind: 'divider', key: 'divider' });
  const isFirst = isNewDay || isNewest || !standTogether(before, item);
  if (isFirst) endRun(before);
  if (item.kind === 'message') item.isFirst = isFirst;
  rows.push(item);
  return item;
}

/** @param {MessageRow | SystemRow | undefined} row @returns {undefined} */
function endRun(row) {
  if (row?.kind === 'message') row.isLast = true;
}

/**
 * @param {MessageRow | SystemRow | undefined} before
 * @param {MessageRow | SystemRow} item
 */
const standTogether = (before, item) =>
  before?.kind === 'message' &&
  item.kind === 'message' &&
  before.senderId === item.senderId &&
  Math.abs(Date.parse(item.at) - Date.parse(before.at)) < TOGETHER_MS;

/**
 * @param {ClientState} state
 * @param {string} id
 * @param {boolean} isGroup
 * @returns {Row[]}
 */
function typingRow(state, id, isGroup) {
  const typist = typistIn(state, id);
  if (typist === undefined) return [];
  return [{ kind: 'typing', key: 'typing', author: isGroup ? nameFor(state, typist) : undefined }];
}

/**
 * Under the newest message of one's own in a small group: who has seen it.
 *
 * @param {ClientState} state
 * @param {ConversationRecord} conversation
 * @param {(MessageRow | SystemRow)[]} items
 */
function noteSeenBy(state, conversation, items) {
  const last = items.findLast((item) => item.kind === 'message' && item.isMine);
  if (last?.kind !== 'message' || last.seq === undefined || last.isDeleted || conversation.isLarge) return;
  const { seq } = last;
  const seen = Object.keys(conversation.members).filter(
    (id) => id !== state.userId && positionOf(conversation, id).read >= seq,
  );
  if (seen.length === 0) return;
  last.seenBy =
    seen.length > 3
      ? `Seen by ${seen.length}`
      : `Seen by ${seen.map((id) => nameWithinFor(state, id)).join(', ')}`;
}

/**
 * @param {ClientState} state
 * @param {LogEntry} entry
 * @param {boolean} isGroup
 * @returns {MessageRow | SystemRow | undefined} undefined for what is not shown
 */
function toRow(state, entry, isGroup) {
  if (!isMessage(entry)) return undefined;
  const message = entry;
  const { kind, seq, senderId, createdAt } = message;
  const key = `${senderId}/${message.clientMessageId}`;
  if (kind === 'system') {
    const text = systemText(state, message);
    return text === undefined ? undefined : { kind, key, seq, at: createdAt, text };
  }
  const isDeleted = message.deletedAt !== undefined;
  const { attachments, location, card } = message;
  const isNotice =
    senderId === SYSTEM_ID && (isDeleted || (kind === 'text' && message.replyTo === undefined));
  if (isNotice) return { kind: 'system', key, seq, at: createdAt, text: summaryOf(state, message) ?? '' };
  const isMine = senderId === state.userId;
  const person = (isGroup || senderId === SYSTEM_ID) && !isMine ? senderOf(state, senderId) : undefined;
  return {
    kind: 'message',
    ...{ key, seq, senderId, isMine, isDeleted },
    clientMessageId: message.clientMessageId,
    author: person && nameFor(state, senderId),
    picture: person?.avatar,
    content: message.content,
    at: createdAt,
    status: isMine ? statusOf(state.conversations[message.conversationId], message) : undefined,
    code: undefined,
    isEdited: message.editedAt !== undefined,
    isPinned: state.conversations[message.conversationId]?.pinnedMessages.includes(seq) ?? false,
    isFirst: false,
    isLast: false,
    quote: isDeleted ? undefined : quoteFor(state, message),
    carried: isDeleted ? {} : { attachments, location, card },
    reactions: isDeleted ? [] : (message.reactions ?? []),
    seenBy: undefined,
  };
}

/**
 * What is held of the answered message is newer than what came with the answer.
 *
 * @param {ClientState} state
 * @param {{ conversationId: string, replyTo?: number | undefined, quoted?: QuoteView | undefined }} reply
 */
function quoteFor(state, { conversationId, replyTo, quoted }) {
  if (replyTo === undefined) return undefined;
  const held = entryAt(logOf(state, conversationId), replyTo);
  return { seq: replyTo, ...quoteLine(state, held === undefined ? quoted : quoteOf(held)) };
}

/**
 * @param {ClientState} state
 * @param {PendingMessage} entry
 * @returns {MessageRow}
 */
const ofPending = (state, entry) => ({
  kind: 'message',
  key: `${state.userId}/${entry.clientMessageId}`,
  seq: undefined,
  clientMessageId: entry.clientMessageId,
  senderId: state.userId,
  author: undefined,
  picture: undefined,
  content: entry.content,
  at: entry.createdAt,
  isMine: true,
  status: entry.status === 'failed' ? 'failed' : 'sending',
  code: entry.code,
  isEdited: false,
  isDeleted: false,
  isPinned: false,
  isFirst: false,
  isLast: false,
  quote: quoteFor(state, entry),
  carried: {
    // Uploaded files are shown as uploads until their message is stored.
    ...(entry.uploads === undefined ? { attachments: entry.attachments } : { uploads: entry.uploads }),
    location: entry.location,
    card: entry.card,
  },
  reactions: [],
  seenBy: undefined,
});
