import type {
  ConversationView,
  MemberView,
  MessageView,
  UserId,
  UserView,
} from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { isAbsentAt } from '../membership/index.js';
import { type Positions, effectivePosition, type DeliveryStatus } from '../positions/index.js';
import type { AttachmentViews } from './attachmentViews.js';
import { toMessageView } from './messageView.js';
import { isArchived, isDeleted } from './memberSettings.js';
import { blockFields, countFields, occasionsFor } from './viewerFields.js';

export interface ConversationViewInput {
  conversation: ConversationRecord;
  positions: Positions;
  users: ReadonlyMap<UserId, UserView>;
  /** Newest message that the viewer may see. */
  lastMessage: MessageRecord | undefined;
  lastDeliveryStatus: DeliveryStatus;
  /** `seq` of pinned messages that the viewer has deleted for themselves. */
  hiddenPins: readonly number[];
  /** Number of messages that the viewer has not read. */
  unread: number;
  /** Users blocked by the viewer. */
  blocked: ReadonlySet<UserId>;
  attachmentViews: AttachmentViews;
  now: Date;
}

const userOf = (users: ReadonlyMap<UserId, UserView>, id: UserId): UserView => users.get(id) ?? { _id: id };

/** Returns the fields that come from the member's own document: role, visible range and settings. */
export function memberFields(
  conversation: Pick<ConversationRecord, 'type' | 'history' | 'messageCount'>,
  own: Partial<MemberRecord> | undefined,
  now: Date,
): Pick<
  ConversationView,
  'role' | 'visibleFromSeq' | 'pinnedAt' | 'mutedUntil' | 'archived' | 'markedUnread' | 'deleted'
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
    ...(isDeleted(conversation, own) && { deleted: true }),
  };
}

/** Returns the view of the newest message. */
const toPreview = (
  message: MessageRecord,
  { users, lastDeliveryStatus, attachmentViews }: ConversationViewInput,
): MessageView =>
  toMessageView(message, {
    sender: userOf(users, message.senderId),
    deliveryStatus: lastDeliveryStatus,
    attachmentViews,
  });

/** Returns a conversation as one of its members sees it. */
export function toConversationView(viewer: UserId, deps: ConversationViewInput): ConversationView {
  const { conversation, positions, users, now } = deps;
  const own = effectivePosition(conversation, positions, viewer);
  const fields = memberFields(conversation, positions.get(viewer), now);
  // The preview must not show a message from before the visible range.
  const isVisible = (deps.lastMessage?.seq ?? 0) >= fields.visibleFromSeq;
  const lastMessage = isVisible ? deps.lastMessage : undefined;
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
        joinedSeq: positions.get(userId)?.joinedSeq ?? 0,
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
    ...blockFields(viewer, deps),
    pinnedMessages: (conversation.pinned ?? []).filter(
      (seq) =>
        seq >= fields.visibleFromSeq &&
        !deps.hiddenPins.includes(seq) &&
        !isAbsentAt(positions.get(viewer)?.absences, seq),
    ),
    ...countFields(conversation, lastMessage),
    lastSeq: conversation.lastSeq,
    rev: conversation.rev,
    ...(lastMessage !== undefined && { lastMessage: toPreview(lastMessage, deps) }),
    unreadCount: deps.unread,
    lastReadSeq: own.readSeq,
    lastDeliveredSeq: own.deliveredSeq,
    occasions: occasionsFor(viewer, conversation).map(({ at, ...occasion }) => ({
      ...occasion,
      at: at.toISOString(),
    })),
    createdAt: conversation.createdAt.toISOString(),
    updatedAt: conversation.changedAt.toISOString(),
  };
}
