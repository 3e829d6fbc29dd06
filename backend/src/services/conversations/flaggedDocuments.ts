import type { ConversationId } from '../../../../contract/index.js';
import type { MemberRecord } from '../../models/memberModel.js';

/** A user's own member documents by conversation. */
export type MemberDocuments = ReadonlyMap<ConversationId, MemberRecord>;

const isFlagged = ({ apart, pinnedAt, markedUnread, leftSeq }: MemberRecord): boolean =>
  leftSeq === undefined && (apart === true || pinnedAt !== undefined || markedUnread === true);
/** Direct conversations have no membership events. */
const isInGroup = ({ controlSeq }: MemberRecord): boolean => controlSeq !== undefined;

/** Applies changes to the flagged documents. */
export function withChanges(before: MemberDocuments, changed: readonly MemberRecord[]): MemberDocuments {
  const flagged = new Map(before);
  for (const one of changed) {
    if (isFlagged(one)) flagged.set(one.conversationId, one);
    else flagged.delete(one.conversationId);
  }
  return flagged;
}

/** Returns the groups that were large before, or may have been since, without those that the user has left. */
export function largeIdsOf(before: MemberDocuments, changed: readonly MemberRecord[]): ConversationId[] {
  const large = new Set<ConversationId>();
  for (const { conversationId, apart } of before.values()) if (apart === true) large.add(conversationId);
  for (const one of changed.filter(isInGroup)) {
    if (one.leftSeq === undefined) large.add(one.conversationId);
    else large.delete(one.conversationId);
  }
  return [...large];
}
