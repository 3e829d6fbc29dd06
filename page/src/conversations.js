/**
 * What a conversation looks like here, and how news about it is taken in: everything only ever moves forward, so that
 * news may come twice, late, and in any order. Pure functions.
 *
 * @import { Conversation, ConversationView, Mark, Message, Position, SettingsView } from './types.js'
 */

const NOWHERE = Object.freeze({ read: 0, delivered: 0 });

/**
 * @param {Pick<Conversation, 'marks'>} conversation
 * @param {string} userId
 * @returns {Mark}
 */
export const markOf = (conversation, userId) => conversation.marks[userId] ?? NOWHERE;

/** Whether a place of the log is something that was said. @param {Pick<Message, 'kind'>} message */
export const isSaid = ({ kind }) => kind !== 'hidden' && kind !== 'system';

/**
 * @param {string} me
 * @param {ConversationView} view
 * @returns {Conversation}
 */
function fromView(me, view) {
  const isDirect = view.type === 'direct';
  return {
    id: view._id,
    type: view.type,
    name: view.name,
    avatar: view.avatar,
    otherId: isDirect ? (view.participants.find((id) => id !== me) ?? me) : '',
    people: Object.fromEntries(
      view.members.map(({ _id, name, avatar, role }) => [_id, { _id, name, avatar, role }]),
    ),
    memberCount: view.memberCount,
    isLarge: view.isLarge,
    isOpen: view.open,
    history: view.history,
    role: view.role,
    visibleFromSeq: view.visibleFromSeq,
    isClosed: view.closed,
    isBlocked: view.blocked,
    pinnedMessages: view.pinnedMessages,
    pinRev: view.rev,
    pinnedAt: view.pinnedAt,
    mutedUntil: view.mutedUntil,
    isArchived: view.archived,
    isMarkedUnread: view.markedUnread,
    marks: marksOf(me, view),
    lastSeq: view.lastSeq,
    rev: view.rev,
    seenRev: view.rev,
    lastMessage: view.lastMessage,
    lastMessageAt: view.lastMessageAt,
    occasions: view.occasions,
    counted: { unread: view.unreadCount, from: view.lastReadSeq, upTo: view.lastSeq },
  };
}

/**
 * Of large groups and channels the view names no members: one's own place stands beside them.
 *
 * @param {string} me
 * @param {ConversationView} view
 * @returns {Record<string, Mark>}
 */
const marksOf = (me, view) =>
  Object.fromEntries(
    [
      { _id: me, lastReadSeq: view.lastReadSeq, lastDeliveredSeq: view.lastDeliveredSeq },
      ...view.members,
    ].map(({ _id, lastReadSeq, lastDeliveredSeq }) => [
      _id,
      { read: lastReadSeq, delivered: Math.max(lastDeliveredSeq, lastReadSeq) },
    ]),
  );

/**
 * Somebody has come at least this far.
 *
 * @param {Conversation} conversation
 * @param {string} userId
 * @param {Mark} mark
 * @returns {Conversation}
 */
export function raise(conversation, userId, { read, delivered }) {
  const known = markOf(conversation, userId);
  const mark = {
    read: Math.max(known.read, read),
    delivered: Math.max(known.delivered, delivered, read),
  };
  if (mark.read === known.read && mark.delivered === known.delivered) return conversation;
  return { ...conversation, marks: { ...conversation.marks, [userId]: mark } };
}

/**
 * Takes in a conversation as the server sees it, which may be older than what is known.
 *
 * @param {string} me
 * @param {Conversation | undefined} known
 * @param {ConversationView} view
 * @returns {Conversation}
 */
export function mergeView(me, known, view) {
  const seen = fromView(me, view);
  const merged = known === undefined ? seen : mergeKnown(known, seen);
  return merged.lastMessage === undefined ? merged : noteMessage(me, merged, merged.lastMessage);
}

/**
 * @param {Conversation} known
 * @param {Conversation} seen
 * @returns {Conversation}
 */
function mergeKnown(known, seen) {
  const isNewer = seen.lastSeq >= known.lastSeq;
  const countsMore = seen.counted.upTo >= known.counted.upTo && seen.counted.from >= known.counted.from;
  const pins = seen.pinRev >= known.pinRev ? seen : known;
  const merged = {
    ...seen,
    pinnedMessages: pins.pinnedMessages,
    pinRev: pins.pinRev,
    marks: known.marks,
    lastSeq: Math.max(known.lastSeq, seen.lastSeq),
    rev: Math.max(known.rev, seen.rev),
    seenRev: known.seenRev,
    // A preview goes back as well: its message may have been deleted.
    lastMessage:
      isNewer && seen.rev >= known.rev ? seen.lastMessage : newer(known.lastMessage, seen.lastMessage),
    lastMessageAt: isNewer ? seen.lastMessageAt : known.lastMessageAt,
    counted: countsMore ? seen.counted : known.counted,
    // One from before a message that has brought it back would put it into the archive again.
    isArchived: isNewer ? seen.isArchived : known.isArchived,
  };
  return Object.entries(seen.marks).reduce((result, [userId, mark]) => raise(result, userId, mark), merged);
}

/**
 * @param {Message | undefined} a
 * @param {Message | undefined} b
 */
const newer = (a, b) => (a === undefined || (b !== undefined && b.seq > a.seq) ? b : a);

/**
 * What follows from a message: the end has moved, its sender has read what came before, and for one's own its status
 * says how far the others have come.
 *
 * @param {string} me
 * @param {Conversation} conversation
 * @param {Message} message
 * @returns {Conversation}
 */
export function noteMessage(me, conversation, message) {
  if (message.kind === 'hidden') return noteEnd(conversation, message.seq);
  const { seq, senderId, status } = message;
  const isNamed = !conversation.isLarge || senderId === me;
  let noted = isNamed ? raise(conversation, senderId, { read: seq, delivered: seq }) : conversation;
  if (noted.type === 'direct' && senderId === me && status !== 'sent') {
    noted = raise(noted, noted.otherId, { read: status === 'read' ? seq : 0, delivered: seq });
  }
  if (seq <= noted.lastSeq && (noted.lastMessage?.seq ?? 0) >= seq) return noted;
  return {
    ...noted,
    lastSeq: Math.max(noted.lastSeq, seq),
    lastMessage: newer(noted.lastMessage, message),
    lastMessageAt: seq >= noted.lastSeq ? message.createdAt : noted.lastMessageAt,
  };
}

/**
 * @param {Conversation} conversation
 * @param {number} lastSeq
 * @param {number} [rev]
 * @returns {Conversation}
 */
export function noteEnd(conversation, lastSeq, rev = 0) {
  if (lastSeq <= conversation.lastSeq && rev <= conversation.rev) return conversation;
  return {
    ...conversation,
    lastSeq: Math.max(conversation.lastSeq, lastSeq),
    rev: Math.max(conversation.rev, rev),
  };
}

/**
 * A message came just now: what is archived comes back with it, unless it is muted.
 *
 * @param {Conversation} conversation
 * @param {Message} message
 * @returns {Conversation}
 */
export const wake = (conversation, message) =>
  conversation.isArchived && isSaid(message) && !isMuted(conversation)
    ? { ...conversation, isArchived: false }
    : conversation;

/** @param {Pick<Conversation, 'mutedUntil'>} conversation */
export const isMuted = ({ mutedUntil }, now = Date.now()) =>
  mutedUntil !== undefined && Date.parse(mutedUntil) > now;

/**
 * @param {string} me
 * @param {Conversation} conversation
 * @param {Position} position
 * @returns {Conversation}
 */
export function notePosition(me, conversation, { userId, readSeq, deliveredSeq, unreadCount }) {
  const raised = raise(conversation, userId, { read: readSeq, delivered: deliveredSeq });
  if (userId !== me || unreadCount === undefined || readSeq < raised.counted.from) return raised;
  return { ...raised, counted: { unread: unreadCount, from: readSeq, upTo: raised.lastSeq } };
}

/**
 * @param {string} me
 * @param {Conversation} conversation
 * @param {SettingsView} settings
 * @returns {Conversation}
 */
export const noteSettings = (me, conversation, settings) => ({
  ...notePosition(me, conversation, settings),
  pinnedAt: settings.pinnedAt,
  mutedUntil: settings.mutedUntil,
  isArchived: settings.archived ?? false,
  isMarkedUnread: settings.markedUnread ?? false,
  visibleFromSeq: Math.max(conversation.visibleFromSeq, (settings.clearedSeq ?? 0) + 1),
});
