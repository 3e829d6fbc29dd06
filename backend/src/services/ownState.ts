import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberRecord } from '../models/memberModel.js';

/** A member's own document, as far as there is one. */
export type Own = Partial<MemberRecord>;

type Counted = Pick<ConversationRecord, 'messageCount'>;

export const isMuted = (own: Own | undefined, now: Date): boolean =>
  own?.mutedUntil !== undefined && own.mutedUntil > now;

/** What is archived comes back with the next message, unless it is muted. Derived: no message writes to a member. */
export const isArchived = ({ messageCount }: Counted, own: Own | undefined, now: Date): boolean =>
  own?.archivedAt !== undefined && (isMuted(own, now) || messageCount <= (own.archivedN ?? Infinity));

/** What its member has deleted for themselves is off their list until the next message. */
export const isDeleted = ({ messageCount }: Counted, own: Own | undefined): boolean =>
  own?.hiddenN !== undefined && messageCount <= own.hiddenN;

/** Whether nobody has it on a list any more: unmatched, or merged into another one. */
export const isOver = ({
  closedBy,
  mergedInto,
}: Pick<ConversationRecord, 'closedBy' | 'mergedInto'>): boolean =>
  closedBy !== undefined || mergedInto !== undefined;

/** Whether a conversation is on a member's list at all (the archive is a part of it), and counts as unread. */
export const isListed = (
  conversation: Counted & Pick<ConversationRecord, 'closedBy' | 'mergedInto'>,
  own: Own | undefined,
): boolean => !isOver(conversation) && own?.leftSeq === undefined && !isDeleted(conversation, own);

/** Whether what it shows depends on the conversation, too. */
export const needsConversation = ({ archivedAt, hiddenN }: Own): boolean =>
  archivedAt !== undefined || hiddenN !== undefined;
