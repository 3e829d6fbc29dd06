/**
 * What follows from the state: computed, never counted along. Pure functions.
 *
 * @import { Conversation, Message, Pending, Role, State, User } from './types.js'
 */
import { SYSTEM_ID } from './ids.js';
import { isolate, showControls } from './bidi.js';
import { isMuted, isSaid, markOf } from './conversations.js';
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
    const { senderId, deletedAt } = log[index];
    if (senderId !== me && deletedAt === undefined && isSaid(log[index])) count += 1;
  }
  return count;
}

/** What is muted or archived does not ask for attention. @param {Conversation} conversation */
const asksFor = (conversation) => !isMuted(conversation) && !conversation.isArchived;

/** @param {State} state */
export const unreadHeld = (state) =>
  Object.values(state.conversations)
    .filter(asksFor)
    .reduce((sum, conversation) => sum + unreadOf(state, conversation), 0);

/** @param {State} state */
export const totalUnread = (state) => unreadHeld(state) + state.unreadElsewhere;

const STATUSES = /** @type {const} */ (['sent', 'delivered', 'read']);

/**
 * How far a message of one's own has come: what all others have reached. The marks only move forward, so does this. Of
 * large groups and channels only what the server said is known.
 *
 * @param {Conversation | undefined} conversation
 * @param {{ seq: number, senderId?: string, status?: 'sent' | 'delivered' | 'read' }} message
 * @returns {'sent' | 'delivered' | 'read'}
 */
export function statusOf(conversation, { seq, senderId, status = 'sent' }) {
  if (conversation === undefined) return 'sent';
  if (conversation.type === 'direct') return reachedBy(conversation, [conversation.otherId], seq);
  const others = Object.keys(conversation.people).filter((id) => id !== senderId);
  if (conversation.isLarge || others.length === 0) return status;
  const reached = reachedBy(conversation, others, seq);
  return STATUSES.indexOf(reached) > STATUSES.indexOf(status) ? reached : status;
}

/**
 * @param {Conversation} conversation
 * @param {string[]} userIds
 * @param {number} seq
 */
function reachedBy(conversation, userIds, seq) {
  const marks = userIds.map((id) => markOf(conversation, id));
  if (marks.every(({ read }) => read >= seq)) return 'read';
  return marks.every(({ delivered }) => delivered >= seq) ? 'delivered' : 'sent';
}

/**
 * @param {State} state
 * @param {string} id
 * @returns {Pending[]}
 */
export const pendingOf = (state, id) => state.outbox.filter(({ conversationId }) => conversationId === id);

/** @typedef {'all' | 'unread' | 'groups' | 'archived'} Filter */

/** @type {Record<Filter, (state: State, conversation: Conversation) => boolean>} */
const FILTERS = {
  all: (_state, { isArchived }) => !isArchived,
  unread: (state, one) => !one.isArchived && (one.isMarkedUnread || unreadOf(state, one) > 0),
  groups: (_state, { isArchived, type }) => !isArchived && type !== 'direct',
  archived: (_state, { isArchived }) => isArchived,
};

/** Chats with something unread. @param {State} state */
export const unreadChats = (state) =>
  Object.values(state.conversations).filter((conversation) => FILTERS.unread(state, conversation)).length;

/**
 * The list: what is pinned first, then conversations with something still to be sent, then by their last message. The
 * server's order.
 *
 * @param {State} state
 * @param {Filter} [filter]
 * @returns {Conversation[]}
 */
export function listOf(state, filter = 'all') {
  const waiting = new Map(
    state.outbox
      .filter((entry) => entry.state === 'waiting')
      .map((entry) => [entry.conversationId, entry.order]),
  );
  return Object.values(state.conversations)
    .filter((conversation) => FILTERS[filter](state, conversation))
    .sort(
      (a, b) =>
        compare(b.pinnedAt ?? '', a.pinnedAt ?? '') ||
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
 * Who or what a conversation is with: the other person, or the group itself.
 *
 * @param {Conversation} conversation
 * @returns {User}
 */
export const otherOf = (conversation) =>
  conversation.type === 'direct'
    ? (conversation.people[conversation.otherId] ?? { _id: conversation.otherId })
    : { _id: conversation.id, name: conversation.name ?? 'Group', avatar: conversation.avatar };

/** @param {User} user */
export const nameOf = (user) => showControls(user.name ?? user._id);

/**
 * @param {State} state
 * @param {string} userId
 * @returns {User}
 */
export const personOf = (state, userId) =>
  state.people[userId] ?? (userId === SYSTEM_ID ? { _id: userId, name: 'The app' } : { _id: userId });

/** @param {State} state @param {string} userId */
export const nameFor = (state, userId) => nameOf(personOf(state, userId));

/** A name to be put into a sentence. @param {User} user */
export const nameWithin = (user) => isolate(nameOf(user));

/** The same of somebody known by id. @param {State} state @param {string} userId */
export const nameWithinFor = (state, userId) => nameWithin(personOf(state, userId));

/**
 * What each role may do. The server decides; the page only does not offer what it would refuse.
 *
 * @param {Role} role
 */
export const rightsOf = (role) => ({
  manage: role !== 'member',
  changeRoles: role === 'owner',
});

/**
 * Whether a member may be shown out by oneself.
 *
 * @param {Role} mine
 * @param {Role} theirs
 */
export const mayRemove = (mine, theirs) => mine === 'owner' || (mine === 'admin' && theirs === 'member');

/**
 * Why one cannot write here; undefined if one can.
 *
 * @param {Conversation} conversation
 */
export function whyClosed({ type, role, isBlocked, isClosed }) {
  if (isBlocked) return 'You have blocked this person.';
  if (isClosed) return 'You can no longer write to this person.';
  if (type === 'channel' && role === 'member') return 'Only the owner and admins post in this channel.';
  return undefined;
}

/** Whether pictures, pins and others' messages are one's to manage. @param {Conversation} conversation */
export const mayManage = ({ type, role }) => type === 'direct' || rightsOf(role).manage;
