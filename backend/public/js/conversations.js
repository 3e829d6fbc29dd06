/**
 * What a conversation looks like here, and how news about it is taken in: everything only ever moves forward, so that
 * news may come twice, late, and in any order. Pure functions.
 *
 * @import { Conversation, ConversationView, Mark, Message, Position } from './types.js'
 */

const NOWHERE = Object.freeze({ read: 0, delivered: 0 });

/**
 * @param {Pick<Conversation, 'marks'>} conversation
 * @param {string} userId
 * @returns {Mark}
 */
export const markOf = (conversation, userId) => conversation.marks[userId] ?? NOWHERE;

/**
 * @param {string} me
 * @param {ConversationView} view
 * @returns {Conversation}
 */
function fromView(me, view) {
  return {
    id: view._id,
    otherId: view.participants.find((id) => id !== me) ?? me,
    people: Object.fromEntries(view.members.map(({ _id, name, avatar }) => [_id, { _id, name, avatar }])),
    marks: Object.fromEntries(
      view.members.map((member) => [
        member._id,
        { read: member.lastReadSeq, delivered: Math.max(member.lastDeliveredSeq, member.lastReadSeq) },
      ]),
    ),
    lastSeq: view.lastSeq,
    lastMessage: view.lastMessage,
    lastMessageAt: view.lastMessageAt,
    occasions: view.occasions,
    counted: { unread: view.unreadCount, from: view.lastReadSeq, upTo: view.lastSeq },
  };
}

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
  const merged = {
    ...seen,
    marks: known.marks,
    lastSeq: Math.max(known.lastSeq, seen.lastSeq),
    lastMessage: newer(known.lastMessage, seen.lastMessage),
    lastMessageAt: isNewer ? seen.lastMessageAt : known.lastMessageAt,
    counted: countsMore ? seen.counted : known.counted,
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
 * says how far the other has come.
 *
 * @param {string} me
 * @param {Conversation} conversation
 * @param {Message} message
 * @returns {Conversation}
 */
export function noteMessage(me, conversation, message) {
  const { seq, senderId, status } = message;
  let noted = raise(conversation, senderId, { read: seq, delivered: seq });
  if (senderId === me && status !== 'sent') {
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
