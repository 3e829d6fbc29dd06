import type { UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord } from '../../models/memberModel.js';
import type { Membership } from './membership.js';

/**
 * Returns a stored conversation with a membership that is newer than it. The document is written behind the log: it may
 * not list new members yet when the entry that adds them is acknowledged.
 */
export function withMembership(
  record: ConversationRecord,
  membership: Membership | undefined,
): ConversationRecord {
  if (membership === undefined || membership.control <= record.control) return record;
  const { type, control, isLarge, memberCount, removalSeq, name, avatar } = membership;
  const { history, open, closedBy, blockedBy, sealedInto, members } = membership;
  const { avatar: _avatar, apart: _apart, ...rest } = record;
  return {
    ...rest,
    control,
    memberCount,
    removalSeq,
    history,
    open,
    closedBy,
    blockedBy: [...blockedBy],
    ...(name !== undefined && { name }),
    ...(avatar !== undefined && { avatar }),
    mergedInto: sealedInto ?? record.mergedInto,
    ...(type !== 'direct' && { participants: isLarge ? [] : [...members.keys()].sort() }),
    ...(type !== 'direct' && isLarge && { apart: true }),
  };
}

/** True when a user is known to be outside. For channels only those who left are known. */
export const isOutside = ({ type, members, gone }: Membership, userId: UserId): boolean =>
  type === 'channel' ? gone.has(userId) : !members.has(userId);

/** Positions of a member, with role and joining where they are stored. */
type Stored = Pick<MemberRecord, 'lastReadSeq' | 'lastDeliveredSeq'> & Partial<MemberRecord>;

/** Returns a member's stored state with role and joining from a membership that is newer than the member's document. */
export function withFacts(
  stored: Stored | undefined,
  membership: Membership | undefined,
  userId: UserId,
): Stored | undefined {
  const facts = membership?.members.get(userId);
  if (membership === undefined || facts === undefined || membership.type === 'direct') return stored;
  if ((stored?.controlSeq ?? 0) > membership.control) return stored;
  const { role, joinedSeq, joinedN = 0, isRoleOnly = false } = facts;
  if (isRoleOnly) return stored === undefined ? undefined : { ...stored, role };
  const { leftSeq, ...base } = stored ?? { lastReadSeq: 0, lastDeliveredSeq: 0 };
  const isNew = (base.joinedSeq ?? 0) < joinedSeq;
  if (base.role === role && !isNew && leftSeq === undefined) return stored;
  return {
    ...base,
    role,
    joinedSeq,
    // Messages from before a member joined are not unread.
    ...(isNew && {
      lastReadSeq: Math.max(base.lastReadSeq, joinedSeq - 1),
      lastReadN: Math.max(base.lastReadN ?? 0, joinedN),
      lastDeliveredSeq: Math.max(base.lastDeliveredSeq, joinedSeq - 1),
    }),
  };
}
