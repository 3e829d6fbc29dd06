import type { ConversationId, MessageId, PositionView, UserId } from '../../../../contract/index.js';

/** Fields that the views of positions and of settings share. */
export type PositionFields = Omit<PositionView, 'status' | 'messageId'>;

/** @param unread number of unread messages, in views for the member's own devices only. */
export const toPositionFields = (
  where: { conversationId: ConversationId; userId: UserId; at: Date },
  position: { readSeq: number; deliveredSeq: number },
  unread?: number,
): PositionFields => ({
  conversationId: where.conversationId,
  userId: where.userId,
  deliveredSeq: position.deliveredSeq,
  readSeq: position.readSeq,
  ...(unread !== undefined && { unreadCount: unread }),
  at: where.at.toISOString(),
});

/** @param messageId message at the position that `status` refers to, if the receiver may know it. */
export const toPositionView = (
  fields: PositionFields,
  { status, messageId }: { status: PositionView['status']; messageId?: MessageId | undefined },
): PositionView => ({ ...fields, status, ...(messageId !== undefined && { messageId }) });
