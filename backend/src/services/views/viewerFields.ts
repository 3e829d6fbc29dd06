import type { ConversationView, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { haveBothWritten } from '../visibility/index.js';

/**
 * Returns whether a conversation is closed, and whether the viewer has blocked the other participant. A block by a
 * user the viewer has never met is not revealed.
 */
export function blockFields(
  viewer: UserId,
  { conversation, blocked }: { conversation: ConversationRecord; blocked: ReadonlySet<UserId> },
): Pick<ConversationView, 'closed' | 'blocked'> {
  const { type, closedBy, blockedBy, participants } = conversation;
  const isBlocker =
    blockedBy.includes(viewer) || (type === 'direct' && participants.some((userId) => blocked.has(userId)));
  const isRevealedBlock = blockedBy.length > 0 && haveBothWritten(conversation);
  return { closed: closedBy !== undefined || isBlocker || isRevealedBlock, blocked: isBlocker };
}

/**
 * Returns the message count and the time of the newest message. If the newest message is a shadow message of the
 * viewer in a direct conversation, both include it: the count is then `lastSeq`, unless the log holds membership
 * events, which have a `seq` too but are no messages.
 */
export function countFields(
  { type, messageCount, lastSeq, lastMessageAt, tailControl }: ConversationRecord,
  lastMessage: MessageRecord | undefined,
): Pick<ConversationView, 'messageCount' | 'lastMessageAt'> {
  const isOwnShadow = type === 'direct' && lastMessage?.shadow === true;
  const sentAt = isOwnShadow && lastMessage.createdAt > lastMessageAt ? lastMessage.createdAt : lastMessageAt;
  return {
    messageCount: isOwnShadow && tailControl === 0 ? lastSeq : messageCount,
    lastMessageAt: sentAt.toISOString(),
  };
}

/** Returns the occasions that all members see and the viewer's own shadow occasions, oldest first. */
export function occasionsFor(
  viewer: UserId,
  { occasions, shadowOccasions = [] }: Pick<ConversationRecord, 'occasions' | 'shadowOccasions'>,
): ConversationRecord['occasions'] {
  const own = shadowOccasions.filter(({ startedBy }) => startedBy === viewer);
  if (own.length === 0) return occasions;
  return [...occasions, ...own].sort((a, b) => a.at.getTime() - b.at.getTime());
}
