import type {
  ConversationId,
  ConversationView,
  MemberView,
  MessageStatus,
  MessageView,
  PositionView,
  UserId,
  UserView,
} from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberRecord } from '../models/memberModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import { isArchived } from './ownState.js';

/** How far each member has come; a member without a stored position has come nowhere yet. */
export type Positions = ReadonlyMap<
  UserId,
  Pick<MemberRecord, 'lastReadSeq' | 'lastDeliveredSeq'> & Partial<MemberRecord>
>;

export interface Reached {
  readSeq: number;
  /** How many counted messages there are up to `readSeq`. */
  readN: number;
  deliveredSeq: number;
  /** Numbers of the messages behind `readSeq` that the member has deleted for themselves. */
  hiddenNs: readonly number[];
}

type Counted = Pick<
  ConversationRecord,
  'type' | 'participants' | 'lastSent' | 'lastSentN' | 'sentBy' | 'messageCount' | 'lastSeq'
>;

/** A member's positions with what follows from their own messages: who sends has read what came before. */
export function effectivePosition(conversation: Counted, positions: Positions, userId: UserId): Reached {
  const stored = positions.get(userId);
  const read = { seq: stored?.lastReadSeq ?? 0, n: stored?.lastReadN ?? stored?.lastReadSeq ?? 0 };
  const sent = sentBy(conversation, userId);
  const furthest = sent.seq > read.seq ? sent : read;
  const cleared = { seq: stored?.clearedSeq ?? 0, n: stored?.clearedN ?? 0 };
  const { seq, n } = cleared.seq > furthest.seq ? cleared : furthest;
  return {
    readSeq: seq,
    readN: n,
    deliveredSeq: Math.max(stored?.lastDeliveredSeq ?? 0, seq),
    hiddenNs: (stored?.hiddenNs ?? []).filter((hidden) => hidden > n),
  };
}

function sentBy(conversation: Counted, userId: UserId): { seq: number; n: number } {
  if (conversation.type !== 'direct') return conversation.sentBy?.get(userId) ?? { seq: 0, n: 0 };
  const place = conversation.participants.indexOf(userId);
  return { seq: conversation.lastSent[place] ?? 0, n: conversation.lastSentN[place] ?? 0 };
}

/** Messages of others that one has not read: nobody's own message lies behind their read position. */
export const unreadCount = (
  conversation: Pick<ConversationRecord, 'messageCount'>,
  { readN, hiddenNs }: Pick<Reached, 'readN' | 'hiddenNs'>,
): number => Math.max(0, conversation.messageCount - readN - hiddenNs.length);

/** How far a message has come among those whom it was for. */
export interface Tally {
  status: MessageStatus;
  deliveredCount: number;
  readCount: number;
  /** Whom it was for: its sender's companions who had joined by then; of those who have left, whom it had reached. */
  memberCount: number;
}

/** Somebody whom a conversation's messages are for. */
export interface Companion {
  userId: UserId;
  joinedSeq: number;
  leftSeq: number | undefined;
  readSeq: number;
  deliveredSeq: number;
}

/** How far everybody has come, who is there or was. */
export function companionsOf(conversation: Counted, positions: Positions): Companion[] {
  return [...new Set([...conversation.participants, ...positions.keys()])].map((userId) => {
    const stored = positions.get(userId);
    const { readSeq, deliveredSeq } = effectivePosition(conversation, positions, userId);
    return { userId, joinedSeq: stored?.joinedSeq ?? 0, leftSeq: stored?.leftSeq, readSeq, deliveredSeq };
  });
}

/** Whether a message was for somebody: who left keeps what they had reached, and is not waited for. */
export const isFor = (
  { seq, senderId }: Pick<MessageRecord, 'seq' | 'senderId'>,
  { userId, joinedSeq, leftSeq, deliveredSeq }: Companion,
): boolean =>
  userId !== senderId &&
  joinedSeq <= seq &&
  (leftSeq === undefined || (leftSeq > seq && deliveredSeq >= seq));

/** Counts who has got a message and who has read it. It has the status that all have reached who are still there. */
export function tallyOf(
  companions: readonly Companion[],
  message: Pick<MessageRecord, 'seq' | 'senderId'>,
): Tally {
  const tally = { deliveredCount: 0, readCount: 0, memberCount: 0 };
  let [unread, undelivered] = [0, 0];
  for (const companion of companions) {
    if (!isFor(message, companion)) continue;
    tally.memberCount += 1;
    if (companion.deliveredSeq >= message.seq) tally.deliveredCount += 1;
    else undelivered += 1;
    if (companion.readSeq >= message.seq) tally.readCount += 1;
    else if (companion.leftSeq === undefined) unread += 1;
  }
  if (unread === 0 && tally.readCount > 0) return { status: 'read', ...tally };
  return { status: undelivered === 0 && tally.deliveredCount > 0 ? 'delivered' : 'sent', ...tally };
}

/** What everybody but the sender has reached. */
export const messageStatus = (
  conversation: Counted,
  positions: Positions,
  message: Pick<MessageRecord, 'seq' | 'senderId'>,
): MessageStatus => tallyOf(companionsOf(conversation, positions), message).status;

/** Of a message that nobody is counted for. */
export const UNCOUNTED = { status: 'sent' } as const;

/** What a message view says of how far it has come: in groups with counts. */
export function toReach(type: ConversationRecord['type'], tally: Tally): Reach {
  const { status, deliveredCount, readCount } = tally;
  return type === 'group' ? { status, deliveredCount, readCount } : { status };
}

export type Reach = Pick<MessageView, 'status' | 'deliveredCount' | 'readCount'>;

/** A stored message as members see it: the same for every viewer. */
export function toMessageView(message: MessageRecord, sender: UserView, reach: Reach): MessageView {
  const changedAt = message.deletedAt ?? message.editedAt ?? message.createdAt;
  return {
    _id: message._id,
    conversationId: message.conversationId,
    seq: message.seq,
    senderId: message.senderId,
    sender,
    clientMessageId: message.clientMessageId,
    kind: message.kind,
    content: message.content,
    attachments: message.attachments ?? [],
    ...(message.location !== undefined && { location: message.location }),
    ...(message.card !== undefined && { card: message.card }),
    ...(message.action !== undefined && { action: message.action }),
    ...(message.replyTo !== undefined && { replyTo: message.replyTo }),
    reactions: (message.reactions ?? []).map((one) => ({ ...one, own: false })),
    ...reach,
    createdAt: message.createdAt.toISOString(),
    updatedAt: changedAt.toISOString(),
    ...(message.editedAt !== undefined && { editedAt: message.editedAt.toISOString() }),
    ...(message.deletedAt !== undefined && { deletedAt: message.deletedAt.toISOString() }),
  };
}

/** A message with the reactions that its viewer gave to it marked as theirs. */
export const withOwnReactions = (view: MessageView, own: readonly string[]): MessageView =>
  own.length === 0
    ? view
    : {
        ...view,
        reactions: view.reactions.map((one) => ({ ...one, own: own.includes(one.emoji) })),
      };

export interface ConversationParts {
  conversation: ConversationRecord;
  positions: Positions;
  users: ReadonlyMap<UserId, UserView>;
  /** The newest that the viewer may see. */
  lastMessage: MessageRecord | undefined;
  lastReach: Reach;
  unread: number;
  now: Date;
}

const userOf = (users: ReadonlyMap<UserId, UserView>, id: UserId): UserView => users.get(id) ?? { _id: id };

/** What a member has set for themselves. */
export function ownFields(
  conversation: Pick<ConversationRecord, 'type' | 'history' | 'messageCount'>,
  own: Partial<MemberRecord> | undefined,
  now: Date,
): Pick<
  ConversationView,
  'role' | 'visibleFromSeq' | 'pinnedAt' | 'mutedUntil' | 'archived' | 'markedUnread'
> {
  const joinedSeq =
    conversation.type !== 'direct' && conversation.history === 'joined' ? (own?.joinedSeq ?? 1) : 1;
  return {
    role: own?.role ?? 'member',
    visibleFromSeq: Math.max(1, joinedSeq, (own?.clearedSeq ?? 0) + 1),
    ...(own?.pinnedAt !== undefined && { pinnedAt: own.pinnedAt.toISOString() }),
    ...(own?.mutedUntil !== undefined && { mutedUntil: own.mutedUntil.toISOString() }),
    archived: isArchived(conversation, own, now),
    markedUnread: own?.markedUnread ?? false,
  };
}

/** A conversation as one of its members sees it. */
export function toConversationView(viewer: UserId, parts: ConversationParts): ConversationView {
  const { conversation, positions, users, now } = parts;
  const own = effectivePosition(conversation, positions, viewer);
  const fields = ownFields(conversation, positions.get(viewer), now);
  // The preview shows no more than the history would.
  const isVisible = (parts.lastMessage?.seq ?? 0) >= fields.visibleFromSeq;
  const lastMessage = isVisible ? parts.lastMessage : undefined;
  return {
    _id: conversation._id,
    type: conversation.type,
    ...(conversation.name !== undefined && { name: conversation.name }),
    ...(conversation.avatar !== undefined && { avatar: conversation.avatar }),
    participants: conversation.participants,
    members: conversation.participants.map((userId): MemberView => {
      const { readSeq, deliveredSeq } = effectivePosition(conversation, positions, userId);
      return {
        ...userOf(users, userId),
        role: positions.get(userId)?.role ?? 'member',
        lastReadSeq: readSeq,
        lastDeliveredSeq: deliveredSeq,
      };
    }),
    createdBy: conversation.createdBy,
    memberCount: conversation.memberCount,
    isLarge: conversation.apart ?? false,
    history: conversation.history ?? 'all',
    open: conversation.open ?? false,
    ...fields,
    closed: conversation.closedBy !== undefined || conversation.blockedBy.length > 0,
    blocked: conversation.blockedBy.includes(viewer),
    pinnedMessages: conversation.pinned ?? [],
    messageCount: conversation.messageCount,
    lastSeq: conversation.lastSeq,
    rev: conversation.rev,
    ...(lastMessage !== undefined && {
      lastMessage: toMessageView(lastMessage, userOf(users, lastMessage.senderId), parts.lastReach),
    }),
    lastMessageAt: conversation.lastMessageAt.toISOString(),
    unreadCount: parts.unread,
    lastReadSeq: own.readSeq,
    lastDeliveredSeq: own.deliveredSeq,
    occasions: conversation.occasions.map(({ at, ...occasion }) => ({ ...occasion, at: at.toISOString() })),
    createdAt: conversation.createdAt.toISOString(),
    updatedAt: conversation.changedAt.toISOString(),
  };
}

/** How far a member has come; with `lastSeq` it is the member's own copy, which counts what is unread. */
export const toPositionView = (
  where: { conversationId: ConversationId; userId: UserId; at: Date },
  position: { readSeq: number; deliveredSeq: number },
  unread?: number,
): PositionView => ({
  conversationId: where.conversationId,
  userId: where.userId,
  deliveredSeq: position.deliveredSeq,
  readSeq: position.readSeq,
  ...(unread !== undefined && { unreadCount: unread }),
  at: where.at.toISOString(),
});
