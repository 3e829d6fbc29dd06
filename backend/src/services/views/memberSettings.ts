import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';

/** A member's own document; empty for a member without one. */
export type MemberSettings = Partial<MemberRecord>;

type Counted = Pick<ConversationRecord, 'messageCount'>;

export const isMuted = (settings: MemberSettings | undefined, now: Date): boolean =>
  settings?.mutedUntil !== undefined && settings.mutedUntil > now;

/** An archived conversation returns to the list with its next message, unless it is muted. Computed, never stored. */
export const isArchived = (
  { messageCount }: Counted,
  settings: MemberSettings | undefined,
  now: Date,
): boolean =>
  settings?.archivedAt !== undefined &&
  (isMuted(settings, now) || messageCount <= (settings.archivedN ?? Infinity));

/** A conversation that its member has deleted is off their list until its next message. */
export const isDeleted = ({ messageCount }: Counted, settings: MemberSettings | undefined): boolean =>
  settings?.hiddenN !== undefined && messageCount <= settings.hiddenN;

/** True when the conversation is on no list any more: unmatched, or merged into another one. */
export const isClosedOrMerged = ({
  closedBy,
  mergedInto,
}: Pick<ConversationRecord, 'closedBy' | 'mergedInto'>): boolean =>
  closedBy !== undefined || mergedInto !== undefined;

/** True when a conversation is on a member's list or in their archive, and so counts as unread. */
export const isListed = (
  conversation: Counted & Pick<ConversationRecord, 'closedBy' | 'mergedInto'>,
  settings: MemberSettings | undefined,
): boolean =>
  !isClosedOrMerged(conversation) && settings?.leftSeq === undefined && !isDeleted(conversation, settings);

/** True when the view of these settings also depends on the conversation's message count. */
export const needsConversation = ({ archivedAt, hiddenN }: MemberSettings): boolean =>
  archivedAt !== undefined || hiddenN !== undefined;
