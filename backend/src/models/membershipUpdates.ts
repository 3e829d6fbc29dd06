import type mongoose from 'mongoose';
import type { Role, UserId } from '../../../contract/index.js';
import { RANK_LEFT, RANKS, type Absence, type MemberDocument } from './memberDocument.js';
import type { ObjectId } from './objectIds.js';

/** Effect of one or more consecutive membership events on one member. */
export interface MemberEvent {
  userId: UserId;
  /** `seq` of the last of the events. */
  seq: number;
  role?: Role;
  /** The last event that adds the user, if there is one: its `seq`, and the number of counted messages before it. */
  joined?: { seq: number; n: number };
  /** True when one of the events is a leave or a removal: settings from before it no longer apply. */
  wasAbsent?: boolean;
  /** True when the user is no member after the events. */
  hasLeft?: boolean;
  /** The user left a channel voluntarily. */
  isVoluntary?: boolean;
  /** All absences of the user up to a rejoin; undefined when there are none. */
  absences?: readonly Absence[];
}

type Stored = Omit<MemberDocument, '_id'>;

/** Settings that are removed when a user leaves, because the conversation is no longer on their lists. */
const LIST_SETTINGS = { pinnedAt: 1, archivedAt: 1, archivedN: 1, markedUnread: 1 } as const;

/** Returns the upsert that applies membership events to a member, unless the document reflects a later event. */
export function toMemberUpdate(
  conversationId: ObjectId,
  event: MemberEvent,
  isLarge: boolean,
): mongoose.mongo.AnyBulkWriteOperation<Stored> {
  const { userId, seq, role, joined, hasLeft = false, isVoluntary = false, absences } = event;
  // Messages before the join do not count as unread, also when the user has left since.
  const before = joined === undefined ? { seq: 0, n: 0 } : { seq: joined.seq - 1, n: joined.n };
  return {
    updateOne: {
      filter: {
        conversationId,
        userId,
        $or: [{ controlSeq: { $lt: seq } }, { controlSeq: { $exists: false } }],
      },
      update: {
        $set: {
          controlSeq: seq,
          ...(role !== undefined && { role, rank: RANKS[role] }),
          ...(joined !== undefined && { joinedSeq: joined.seq }),
          ...(hasLeft
            ? { rank: RANK_LEFT, leftSeq: seq, ...(isVoluntary && { leftFreely: true }) }
            : joined !== undefined && isLarge && { apart: true }),
          ...(absences !== undefined && { absences: [...absences] }),
        },
        ...((joined !== undefined || hasLeft) && { $unset: staleFields(event, isLarge) }),
        $max: { lastReadSeq: before.seq, lastReadN: before.n, lastDeliveredSeq: before.seq },
        $currentDate: { changedAt: true as const },
      },
      upsert: true,
    },
  };
}

/** Returns the fields that no longer apply after a user has joined or left. */
const staleFields = ({ wasAbsent, hasLeft, isVoluntary }: MemberEvent, isLarge: boolean) => ({
  ...(hasLeft !== true && { leftSeq: 1 as const }),
  ...(isVoluntary !== true && { leftFreely: 1 as const }),
  ...((hasLeft === true || !isLarge) && { apart: 1 as const }),
  ...(wasAbsent === true && LIST_SETTINGS),
});
