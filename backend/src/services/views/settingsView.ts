import type { SettingsView } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';
import { isArchived, isDeleted } from './memberSettings.js';
import { type EffectivePosition, toPositionFields } from '../positions/index.js';

/** Returns a member's positions and settings of a conversation. Fields that are not set are left out. */
export function toSettingsView(
  own: MemberRecord,
  { conversation, reached, unread, now }: SettingsViewInput,
): SettingsView {
  const { readSeq, deliveredSeq } = reached ?? {
    readSeq: storedReadSeq(own),
    deliveredSeq: Math.max(storedReadSeq(own), own.lastDeliveredSeq, own.privateDeliveredSeq ?? 0),
  };
  return {
    ...toPositionFields(
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

const storedReadSeq = ({ lastReadSeq, privateReadSeq = 0, clearedSeq = 0 }: MemberRecord): number =>
  Math.max(lastReadSeq, privateReadSeq, clearedSeq);

interface SettingsViewInput {
  /** May be undefined when the settings do not depend on the conversation (`needsConversation`). */
  conversation: ConversationRecord | undefined;
  /** Effective position, which includes the messages that the member sent. Default: the stored position. */
  reached?: EffectivePosition;
  unread?: number;
  now: Date;
}
