import mongoose from 'mongoose';
import type { ConversationId, Role, UserId } from '../../../contract/index.js';
import { conversationIdOf, type ObjectId } from './objectIds.js';

/**
 * A person's own state in a conversation. In groups and channels there is one per member, derived from the control
 * entries of the log (role, joined, left) and kept when they leave; in a direct conversation it is made with the first
 * position or setting, until when everything is 0. Positions only move forward. Reading implies delivery.
 */
export interface MemberDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  userId: string;
  role?: Role;
  /** Order of a list of members: owner, admin, member; `GONE` for those who left. */
  rank?: number;
  /** The entry that let them in. */
  joinedSeq?: number;
  leftSeq?: number;
  /** The last control entry that is applied to this document: an older one changes nothing. */
  controlSeq?: number;
  /** The conversation keeps no list of its members: it is found through these documents. */
  apart?: boolean;
  lastReadSeq: number;
  /** How many counted messages there are up to `lastReadSeq`. */
  lastReadN?: number;
  lastDeliveredSeq: number;
  pinnedAt?: Date;
  mutedUntil?: Date;
  archivedAt?: Date;
  /** How many counted messages there were when it was archived: one more brings it back. */
  archivedN?: number;
  markedUnread?: boolean;
  /** Everything up to here is hidden from this member. */
  clearedSeq?: number;
  clearedN?: number;
  /** The conversation is off this member's list until there is a counted message behind this place. */
  hiddenSeq?: number;
  /** The furthest message that this member deleted for themselves: before it a preview has to ask which. */
  lastHiddenSeq?: number;
  /** Numbers among the counted messages of those that this member deleted for themselves before reading them. */
  hiddenNs?: number[];
  hiddenN?: number;
  /** Database time of the last change: the order of `sync`. */
  changedAt: Date;
}

export interface MemberRecord extends Omit<
  MemberDocument,
  '_id' | 'conversationId' | 'userId' | 'role' | 'joinedSeq' | 'lastReadN'
> {
  conversationId: ConversationId;
  userId: UserId;
  role: Role;
  joinedSeq: number;
  lastReadN: number;
}

export const RANKS = { owner: 0, admin: 1, member: 2 } as const satisfies Record<Role, number>;
export const GONE = 9;

export const schema = new mongoose.Schema<MemberDocument>(
  {
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    userId: { type: String, required: true },
    role: String,
    rank: Number,
    joinedSeq: Number,
    leftSeq: Number,
    controlSeq: Number,
    apart: Boolean,
    lastReadSeq: { type: Number, required: true },
    lastReadN: Number,
    lastDeliveredSeq: { type: Number, required: true },
    pinnedAt: Date,
    mutedUntil: Date,
    archivedAt: Date,
    archivedN: Number,
    markedUnread: Boolean,
    clearedSeq: Number,
    clearedN: Number,
    hiddenSeq: Number,
    lastHiddenSeq: Number,
    hiddenNs: { type: [Number], default: undefined },
    hiddenN: Number,
    changedAt: Date,
  },
  { collection: 'members', versionKey: false },
);
/** The members of a page of conversations, and one's own place in one. */
export const BY_CONVERSATION = { conversationId: 1, userId: 1 } as const;
/** What a user did on another device since a time; all of a user's positions. */
export const BY_CHANGE = { userId: 1, changedAt: 1, conversationId: 1 } as const;
/** A list of members, the owner first; who owns a group next. */
export const BY_RANK = { conversationId: 1, rank: 1, joinedSeq: 1, userId: 1 } as const;
/** A user's large groups and channels. */
export const BY_APART = { userId: 1, apart: 1 } as const;
/** How many members have come at least so far: counted in the index alone. */
export const BY_READ = { conversationId: 1, lastReadSeq: 1, joinedSeq: 1, userId: 1 } as const;
/** Who has cleared a conversation up to a place or further. */
export const BY_CLEARED = { conversationId: 1, clearedSeq: 1 } as const;
/** A user's pinned conversations, the newest pin first. */
export const BY_PIN = { userId: 1, pinnedAt: -1, conversationId: -1 } as const;
/** A user's archive, what was archived last first. */
export const BY_ARCHIVE = { userId: 1, archivedAt: -1, conversationId: -1 } as const;
/** What a user has marked as unread. */
export const BY_MARK = { userId: 1, markedUnread: 1 } as const;
schema.index(BY_CONVERSATION, { unique: true });
schema.index(BY_CHANGE);
schema.index(BY_RANK);
schema.index(BY_APART, { partialFilterExpression: { apart: true } });
schema.index(BY_READ);
schema.index(BY_CLEARED, { partialFilterExpression: { clearedSeq: { $exists: true } } });
schema.index(BY_PIN, { partialFilterExpression: { pinnedAt: { $exists: true } } });
schema.index(BY_ARCHIVE, { partialFilterExpression: { archivedAt: { $exists: true } } });
schema.index(BY_MARK, { partialFilterExpression: { markedUnread: true } });

export const toRecord = (
  doc: Partial<MemberDocument> & Pick<MemberDocument, 'conversationId' | 'userId'>,
): MemberRecord => {
  const { _id, ...rest } = doc;
  return {
    ...rest,
    conversationId: conversationIdOf(doc.conversationId),
    userId: doc.userId as UserId,
    role: doc.role ?? 'member',
    joinedSeq: doc.joinedSeq ?? 0,
    lastReadSeq: doc.lastReadSeq ?? 0,
    lastReadN: doc.lastReadN ?? doc.lastReadSeq ?? 0,
    lastDeliveredSeq: doc.lastDeliveredSeq ?? 0,
    changedAt: doc.changedAt ?? new Date(0),
  };
};
