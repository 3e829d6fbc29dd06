import type {
  ConversationListAnswer,
  ConversationView,
  EntryView,
  PositionView,
} from '../../../contract/index.js';
import {
  HIDDEN,
  type Entry,
  type SeenConversation,
  type SeenMessage,
  type SeenPosition,
} from '../checker/history.js';

/** Converts a view; for a hidden entry only its `seq` is known. */
export const seenMessage = (view: EntryView): SeenMessage => ({
  _id: view._id ?? HIDDEN,
  conversationId: view.conversationId,
  seq: view.seq,
  senderId: view.senderId ?? '',
  clientMessageId: view.clientMessageId ?? '',
  content: view.content ?? '',
  status: view.status,
});

export const seenPosition = (
  view: Pick<PositionView, 'conversationId' | 'userId' | 'readSeq' | 'deliveredSeq'>,
): SeenPosition => ({
  conversationId: view.conversationId,
  userId: view.userId,
  readSeq: view.readSeq,
  deliveredSeq: view.deliveredSeq,
});

export const seenConversation = (view: ConversationView): SeenConversation => ({
  conversationId: view._id,
  participants: view.participants,
  lastSeq: view.lastSeq,
  messageCount: view.messageCount,
  unreadCount: view.unreadCount,
  lastReadSeq: view.lastReadSeq,
  lastMessageId: view.lastMessage?._id,
  positions: view.members.map((member) => ({
    conversationId: view._id,
    userId: member._id,
    readSeq: member.lastReadSeq,
    deliveredSeq: member.lastDeliveredSeq,
  })),
});

/** The log entry of a page of the list. */
export const seenList = (
  { conversations, totalUnread }: Pick<ConversationListAnswer, 'conversations' | 'totalUnread'>,
  askedAt: number,
): Entry => ({
  kind: 'synced',
  askedAt,
  conversations: conversations.map(seenConversation),
  own: [],
  totalUnread,
});

/** The range that a page before a `seq` covers; the newest page covers what it holds. */
export const rangeOf = ({
  before,
  limit,
}: {
  before?: number;
  limit: number;
}): { fromSeq?: number; toSeq?: number } =>
  before === undefined ? {} : { fromSeq: Math.max(1, before - limit), toSeq: before - 1 };
