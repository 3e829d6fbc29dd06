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

/** How far each member has come; a member without a stored position has come nowhere yet. */
export type Positions = ReadonlyMap<UserId, Pick<MemberRecord, 'lastReadSeq' | 'lastDeliveredSeq'>>;

/** A member's positions with what follows from their own messages: who sends has read what came before. */
export function effectivePosition(
  conversation: Pick<ConversationRecord, 'participants' | 'lastSent'>,
  positions: Positions,
  userId: UserId,
): { readSeq: number; deliveredSeq: number } {
  const sentSeq = conversation.lastSent[conversation.participants.indexOf(userId)] ?? 0;
  const stored = positions.get(userId);
  const readSeq = Math.max(stored?.lastReadSeq ?? 0, sentSeq);
  return { readSeq, deliveredSeq: Math.max(stored?.lastDeliveredSeq ?? 0, readSeq) };
}

/** Messages of the other that one has not read: nobody's own message lies behind their read position. */
export const unreadCount = (conversation: Pick<ConversationRecord, 'lastSeq'>, readSeq: number): number =>
  Math.max(0, conversation.lastSeq - readSeq);

/** What everybody but the sender has reached. */
export function messageStatus(
  conversation: Pick<ConversationRecord, 'participants' | 'lastSent'>,
  positions: Positions,
  message: Pick<MessageRecord, 'seq' | 'senderId'>,
): MessageStatus {
  const others = conversation.participants
    .filter((userId) => userId !== message.senderId)
    .map((userId) => effectivePosition(conversation, positions, userId));
  if (others.every(({ readSeq }) => readSeq >= message.seq)) return 'read';
  return others.every(({ deliveredSeq }) => deliveredSeq >= message.seq) ? 'delivered' : 'sent';
}

/** A stored message as members see it: the same for every viewer. */
export function toMessageView(message: MessageRecord, sender: UserView, status: MessageStatus): MessageView {
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
    attachments: [],
    ...(message.replyTo !== undefined && { replyTo: message.replyTo }),
    reactions: [],
    status,
    createdAt: message.createdAt.toISOString(),
    updatedAt: changedAt.toISOString(),
    ...(message.editedAt !== undefined && { editedAt: message.editedAt.toISOString() }),
    ...(message.deletedAt !== undefined && { deletedAt: message.deletedAt.toISOString() }),
  };
}

export interface ConversationParts {
  conversation: ConversationRecord;
  positions: Positions;
  users: ReadonlyMap<UserId, UserView>;
  lastMessage: MessageRecord | undefined;
}

const userOf = (users: ReadonlyMap<UserId, UserView>, id: UserId): UserView => users.get(id) ?? { _id: id };

/** A conversation as one of its members sees it. */
export function toConversationView(viewer: UserId, parts: ConversationParts): ConversationView {
  const { conversation, positions, users, lastMessage } = parts;
  const own = effectivePosition(conversation, positions, viewer);
  return {
    _id: conversation._id,
    type: 'direct',
    participants: conversation.participants,
    members: conversation.participants.map((userId): MemberView => {
      const { readSeq, deliveredSeq } = effectivePosition(conversation, positions, userId);
      return {
        ...userOf(users, userId),
        role: 'member',
        lastReadSeq: readSeq,
        lastDeliveredSeq: deliveredSeq,
      };
    }),
    createdBy: conversation.createdBy,
    memberCount: conversation.memberCount,
    messageCount: conversation.messageCount,
    lastSeq: conversation.lastSeq,
    rev: conversation.rev,
    ...(lastMessage !== undefined && {
      lastMessage: toMessageView(
        lastMessage,
        userOf(users, lastMessage.senderId),
        messageStatus(conversation, positions, lastMessage),
      ),
    }),
    lastMessageAt: conversation.lastMessageAt.toISOString(),
    unreadCount: unreadCount(conversation, own.readSeq),
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
