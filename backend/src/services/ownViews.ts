import type { OwnView } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberRecord } from '../models/memberModel.js';
import { isArchived, isDeleted } from './ownState.js';
import { toPositionView, type Reached } from './present.js';

/** Everything that a member has set for themselves; what is not in it is not set. */
export function toOwnView(own: MemberRecord, { conversation, reached, unread, now }: OwnViewParts): OwnView {
  const { readSeq, deliveredSeq } = reached ?? {
    readSeq: Math.max(own.lastReadSeq, own.clearedSeq ?? 0),
    deliveredSeq: Math.max(own.lastReadSeq, own.lastDeliveredSeq, own.clearedSeq ?? 0),
  };
  return {
    ...toPositionView(
      { conversationId: own.conversationId, userId: own.userId, at: own.changedAt },
      { readSeq, deliveredSeq },
      unread,
    ),
    ...(own.pinnedAt !== undefined && { pinnedAt: own.pinnedAt.toISOString() }),
    ...(own.mutedUntil !== undefined && { mutedUntil: own.mutedUntil.toISOString() }),
    archived: conversation !== undefined && isArchived(conversation, own, now),
    markedUnread: own.markedUnread ?? false,
    clearedSeq: own.clearedSeq ?? 0,
    deleted: conversation !== undefined && isDeleted(conversation, own),
  };
}

interface OwnViewParts {
  /** Not needed for a document with nothing that depends on it. */
  conversation: ConversationRecord | undefined;
  /** Where it is known better than in the document alone: with what the member has sent. */
  reached?: Reached;
  unread?: number;
  now: Date;
}
