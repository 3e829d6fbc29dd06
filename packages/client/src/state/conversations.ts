/**
 * A conversation as it is held, and how events change it. Positions, ends and counts only move forward, so that events may
 * arrive twice, late and in any order. Pure functions.
 */
import type { ConversationView, SettingsView } from '../wire/index.js';
import type { PositionChange } from './actions.js';
import { isContent, isMessage } from './entries.js';
import { valueAt } from './records.js';
import type { ConversationRecord, LogEntry, MemberPosition, Message } from './types.js';

const NO_POSITION: MemberPosition = { read: 0, delivered: 0 };

export const positionOf = (
  { positions }: Pick<ConversationRecord, 'positions'>,
  userId: string,
): MemberPosition => valueAt(positions, userId) ?? NO_POSITION;

function fromView(userId: string, view: ConversationView): ConversationRecord {
  const isDirect = view.type === 'direct';
  return {
    id: view._id,
    type: view.type,
    name: view.name,
    avatar: view.avatar,
    otherUserId: isDirect ? (view.participants.find((id) => id !== userId) ?? userId) : '',
    members: Object.fromEntries(
      view.members.map(({ _id, name, avatar, role, joinedSeq }) => [
        _id,
        { _id, name, avatar, role, joinedSeq },
      ]),
    ),
    memberCount: view.memberCount,
    isLarge: view.isLarge,
    isJoinable: view.open,
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
    isDeleted: view.deleted ?? false,
    positions: positionsIn(userId, view),
    lastSeq: view.lastSeq,
    rev: view.rev,
    seenRev: view.rev,
    logVersion: 0,
    lastMessage: view.lastMessage,
    lastMessageAt: view.lastMessageAt,
    occasions: view.occasions,
    createdAt: view.createdAt,
    unreadBase: { count: view.unreadCount, fromSeq: view.lastReadSeq, toSeq: view.lastSeq },
  };
}

/** Views of large groups and channels name no members: the user's own position is beside them. */
function positionsIn(userId: string, view: ConversationView): Record<string, MemberPosition> {
  const own = { _id: userId, lastReadSeq: view.lastReadSeq, lastDeliveredSeq: view.lastDeliveredSeq };
  return Object.fromEntries(
    [own, ...view.members].map(({ _id, lastReadSeq, lastDeliveredSeq }) => [
      _id,
      { read: lastReadSeq, delivered: Math.max(lastDeliveredSeq, lastReadSeq) },
    ]),
  );
}

/** A member has come at least this far. */
export function raisePosition(
  conversation: ConversationRecord,
  userId: string,
  { read, delivered }: MemberPosition,
): ConversationRecord {
  const known = positionOf(conversation, userId);
  const raised = {
    read: Math.max(known.read, read),
    delivered: Math.max(known.delivered, delivered, read),
  };
  if (raised.read === known.read && raised.delivered === known.delivered) return conversation;
  return { ...conversation, positions: { ...conversation.positions, [userId]: raised } };
}

/** Merges a view of the server, which may be older than what is held. */
export function mergeView(
  userId: string,
  known: ConversationRecord | undefined,
  view: ConversationView,
): ConversationRecord {
  const seen = fromView(userId, view);
  const merged = known === undefined ? seen : mergeKnown(known, seen);
  return merged.lastMessage === undefined ? merged : noteEntry(userId, merged, merged.lastMessage);
}

function mergeKnown(known: ConversationRecord, seen: ConversationRecord): ConversationRecord {
  const isNewer = seen.lastSeq >= known.lastSeq;
  const countsMore =
    seen.unreadBase.toSeq >= known.unreadBase.toSeq && seen.unreadBase.fromSeq >= known.unreadBase.fromSeq;
  const pins = seen.pinRev >= known.pinRev ? seen : known;
  const merged: ConversationRecord = {
    ...seen,
    pinnedMessages: pins.pinnedMessages,
    pinRev: pins.pinRev,
    positions: known.positions,
    lastSeq: Math.max(known.lastSeq, seen.lastSeq),
    rev: Math.max(known.rev, seen.rev),
    seenRev: known.seenRev,
    logVersion: known.logVersion,
    // A preview may also go back to an earlier message: the later one may have been deleted.
    lastMessage:
      isNewer && seen.rev >= known.rev ? seen.lastMessage : newerOf(known.lastMessage, seen.lastMessage),
    lastMessageAt: isNewer ? seen.lastMessageAt : known.lastMessageAt,
    unreadBase: countsMore ? seen.unreadBase : known.unreadBase,
    // A view from before the message that brought the conversation back would archive or delete it again.
    isArchived: isNewer ? seen.isArchived : known.isArchived,
    isDeleted: isNewer ? seen.isDeleted : known.isDeleted,
  };
  return Object.entries(seen.positions).reduce(
    (result, [member, position]) => raisePosition(result, member, position),
    merged,
  );
}

const newerOf = (a: Message | undefined, b: Message | undefined): Message | undefined =>
  a === undefined || (b !== undefined && b.seq > a.seq) ? b : a;

/**
 * Applies what follows from an entry: the end of the log has moved, the author of a message has read everything before it, and
 * the status of an own message tells how far the others have come. Who changes a group need not have read it.
 */
export function noteEntry(
  userId: string,
  conversation: ConversationRecord,
  entry: LogEntry,
): ConversationRecord {
  if (!isMessage(entry)) return noteHead(conversation, entry.seq);
  const { seq, senderId, status } = entry;
  // Positions of members of large groups are not kept, except the user's own.
  const isKept = isContent(entry) && (!conversation.isLarge || senderId === userId);
  let noted = isKept ? raisePosition(conversation, senderId, { read: seq, delivered: seq }) : conversation;
  if (noted.type === 'direct' && senderId === userId && status !== 'sent') {
    noted = raisePosition(noted, noted.otherUserId, { read: status === 'read' ? seq : 0, delivered: seq });
  }
  if (seq <= noted.lastSeq && (noted.lastMessage?.seq ?? 0) >= seq) return noted;
  return {
    ...noted,
    lastSeq: Math.max(noted.lastSeq, seq),
    lastMessage: newerOf(noted.lastMessage, entry),
    lastMessageAt: seq >= noted.lastSeq ? entry.createdAt : noted.lastMessageAt,
  };
}

/** The log reaches at least to `lastSeq`, and the change log to `rev`. */
export function noteHead(conversation: ConversationRecord, lastSeq: number, rev = 0): ConversationRecord {
  if (lastSeq <= conversation.lastSeq && rev <= conversation.rev) return conversation;
  return {
    ...conversation,
    lastSeq: Math.max(conversation.lastSeq, lastSeq),
    rev: Math.max(conversation.rev, rev),
  };
}

/** A new message brings a deleted conversation back to the list, and an archived one unless it is muted. */
export function relist(conversation: ConversationRecord, entry: LogEntry, nowMs: number): ConversationRecord {
  const isArchived = conversation.isArchived && isMutedAt(conversation, nowMs);
  const isListed = isArchived === conversation.isArchived && !conversation.isDeleted;
  return isListed || !isContent(entry) ? conversation : { ...conversation, isArchived, isDeleted: false };
}

export const isMutedAt = ({ mutedUntil }: Pick<ConversationRecord, 'mutedUntil'>, nowMs: number): boolean =>
  mutedUntil !== undefined && Date.parse(mutedUntil) > nowMs;

export function notePosition(
  ownUserId: string,
  conversation: ConversationRecord,
  { userId, readSeq, deliveredSeq, unreadCount }: PositionChange,
): ConversationRecord {
  const raised = raisePosition(conversation, userId, { read: readSeq, delivered: deliveredSeq });
  if (userId !== ownUserId || unreadCount === undefined || readSeq < raised.unreadBase.fromSeq) return raised;
  return { ...raised, unreadBase: { count: unreadCount, fromSeq: readSeq, toSeq: raised.lastSeq } };
}

/** Whether a message that came after a deletion, and before the news of it, has brought the conversation back. */
export const isBackSince = (
  known: Pick<ConversationRecord, 'lastMessage'> | undefined,
  { clearedSeq = Infinity }: Pick<SettingsView, 'clearedSeq'>,
): boolean =>
  known?.lastMessage !== undefined && isContent(known.lastMessage) && known.lastMessage.seq > clearedSeq;

export const noteSettings = (
  ownUserId: string,
  conversation: ConversationRecord,
  settings: SettingsView,
): ConversationRecord => ({
  ...notePosition(ownUserId, conversation, settings),
  pinnedAt: settings.pinnedAt,
  mutedUntil: settings.mutedUntil,
  isArchived: settings.archived ?? false,
  isMarkedUnread: settings.markedUnread ?? false,
  isDeleted: settings.deleted === true && !isBackSince(conversation, settings),
  visibleFromSeq: Math.max(conversation.visibleFromSeq, (settings.clearedSeq ?? 0) + 1),
});
