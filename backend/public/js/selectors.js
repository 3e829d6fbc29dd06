/**
 * What follows from the state: computed, never counted along. Pure functions.
 *
 * @import { Conversation, Message, Pending, State, User } from './types.js'
 */
import { markOf } from './conversations.js';
import { covers, indexOf, newestRun } from './log.js';

/** Messages of a first page; who has so many of the newest has arrived, whatever lies before them. */
export const TAIL_PAGE = 60;

/** @type {readonly Message[]} */
const NO_MESSAGES = [];

/**
 * @param {State} state
 * @param {string} id
 */
export const logOf = (state, id) => state.logs[id] ?? NO_MESSAGES;

/**
 * How far one has read: as the server knows, or as was seen here.
 *
 * @param {State} state
 * @param {Conversation} conversation
 */
export const readSeq = (state, conversation) =>
  Math.max(markOf(conversation, state.me).read, state.reads[conversation.id] ?? 0);

/**
 * Unread messages of others. Counted where all of them are held; else the server's number, and what came since.
 *
 * @param {State} state
 * @param {Conversation} conversation
 */
export function unreadOf(state, conversation) {
  const read = readSeq(state, conversation);
  if (read >= conversation.lastSeq) return 0;
  const log = logOf(state, conversation.id);
  if (covers(log, { from: read + 1, to: conversation.lastSeq })) return countOthers(state.me, log, read + 1);
  const { unread, from, upTo } = conversation.counted;
  const left = Math.max(0, unread - Math.max(0, read - from));
  return left + countOthers(state.me, log, Math.max(read, upTo) + 1);
}

/**
 * @param {string} me
 * @param {readonly Message[]} log
 * @param {number} from
 */
function countOthers(me, log, from) {
  let count = 0;
  for (let index = indexOf(log, from); index < log.length; index += 1) {
    if (log[index].senderId !== me) count += 1;
  }
  return count;
}

/** @param {State} state */
export const unreadHeld = (state) =>
  Object.values(state.conversations).reduce((sum, conversation) => sum + unreadOf(state, conversation), 0);

/** @param {State} state */
export const totalUnread = (state) => unreadHeld(state) + state.unreadElsewhere;

/**
 * How far a message of one's own has come. The marks only move forward, so does this.
 *
 * @param {Conversation | undefined} conversation
 * @param {{ seq: number }} message
 * @returns {'sent' | 'delivered' | 'read'}
 */
export function statusOf(conversation, { seq }) {
  const mark = conversation && markOf(conversation, conversation.otherId);
  if (mark === undefined) return 'sent';
  if (mark.read >= seq) return 'read';
  return mark.delivered >= seq ? 'delivered' : 'sent';
}

/**
 * @param {State} state
 * @param {string} id
 * @returns {Pending[]}
 */
export const pendingOf = (state, id) => state.outbox.filter(({ conversationId }) => conversationId === id);

/**
 * The list: conversations with something still to be sent first, then by their last message. The server's order.
 *
 * @param {State} state
 * @returns {Conversation[]}
 */
export function listOf(state) {
  const waiting = new Map(
    state.outbox
      .filter((entry) => entry.state === 'waiting')
      .map((entry) => [entry.conversationId, entry.order]),
  );
  return Object.values(state.conversations).sort(
    (a, b) =>
      (waiting.get(b.id) ?? -1) - (waiting.get(a.id) ?? -1) ||
      compare(b.lastMessageAt, a.lastMessageAt) ||
      compare(b.id, a.id),
  );
}

/**
 * @param {string} a
 * @param {string} b
 */
const compare = (a, b) => (a < b ? -1 : Number(a > b));

/**
 * Up to where messages have arrived here without a hole, as far as is known: what may be reported as delivered.
 *
 * @param {State} state
 * @param {Conversation} conversation
 */
export function arrivedSeq(state, conversation) {
  const run = newestRun(logOf(state, conversation.id));
  if (run === undefined) return 0;
  const known = markOf(conversation, state.me).delivered;
  return run.from <= known + 1 || run.to - run.from + 1 >= TAIL_PAGE ? run.to : 0;
}

/**
 * @param {Conversation} conversation
 * @returns {User}
 */
export const otherOf = (conversation) =>
  conversation.people[conversation.otherId] ?? { _id: conversation.otherId };

/** @param {User} user */
export const nameOf = (user) => user.name ?? user._id;
