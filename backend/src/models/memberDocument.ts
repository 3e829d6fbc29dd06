import mongoose from 'mongoose';
import type { ConversationId, Role, UserId } from '../../../contract/index.js';
import { conversationIdOf, type ObjectId } from './objectIds.js';

/**
 * The state of one user in one conversation: membership, positions and settings.
 *
 * `{ conversationId, userId: 'alice', role: 'admin', joinedSeq: 1, lastReadSeq: 7, lastReadN: 6, lastDeliveredSeq: 9, …
 * }`
 *
 * Invariants: at most one document per conversation and user. Groups and channels have one per member, derived from the
 * membership events of the log, and kept when the member leaves. Direct conversations create it with the first position
 * or setting; until then all positions are 0. Positions only advance. A read position implies delivery.
 */
export interface MemberDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  userId: string;
  role?: Role;
  /** Sort key of member lists: owner, admin, member; `RANK_LEFT` for former members. */
  rank?: number;
  /** `seq` of the membership event that added the user. */
  joinedSeq?: number;
  /** `seq` of the membership event that removed the user; absent for current members. */
  leftSeq?: number;
  /** The user left a channel voluntarily, so they may rejoin and read on. */
  leftFreely?: boolean;
  /** Ranges between two memberships: messages in them are never shown to the user. Bounded by `MAX_ABSENCES`. */
  absences?: Absence[];
  /** `seq` of the last membership event applied to this document; older ones are ignored. */
  controlSeq?: number;
  /** True in large conversations, which have no `participants`. */
  apart?: boolean;
  lastReadSeq: number;
  /** Number of counted messages up to `lastReadSeq`. */
  lastReadN?: number;
  lastDeliveredSeq: number;
  /**
   * Positions that advanced while others must not learn of it (receipts switched off, a block, a restriction). Never
   * revealed, also later. `lastReadSeq` and `lastDeliveredSeq` are the positions that others may see.
   */
  privateReadSeq?: number;
  privateReadN?: number;
  privateDeliveredSeq?: number;
  /** Groups only: `seq` of the user's newest message. */
  lastSentSeq?: number;
  /** Groups only: positions that blocked members keep seeing until an update that they may see. */
  frozenFor?: FrozenPosition[];
  pinnedAt?: Date;
  mutedUntil?: Date;
  archivedAt?: Date;
  /** Number of counted messages when the conversation was archived; the next counted message unarchives it. */
  archivedN?: number;
  markedUnread?: boolean;
  /** Messages up to this `seq` are hidden from the user. */
  clearedSeq?: number;
  /** Number of counted messages up to `clearedSeq`. */
  clearedN?: number;
  /** The conversation is removed from the user's list until there is a counted message after this `seq`. */
  hiddenSeq?: number;
  /** The highest `seq` that the user deleted for themselves: previews up to it have to check for hidden messages. */
  lastHiddenSeq?: number;
  /** `n` of the messages that the user deleted for themselves before reading them. */
  hiddenNs?: number[];
  /** Number of counted messages up to `hiddenSeq`. */
  hiddenN?: number;
  /** Database time of the last change: the order of `sync`. */
  changedAt: Date;
}

/** Range of `seq`s between leaving and rejoining, both ends included. */
export interface Absence {
  fromSeq: number;
  toSeq: number;
}

/** Positions of a member that another member (`userId`) keeps seeing after a block between the two. */
export interface FrozenPosition {
  userId: string;
  readSeq: number;
  deliveredSeq: number;
  /** Furthest position that was hidden. Only an answer after it ends this: one of before may be stored later. */
  hiddenSeq?: number;
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
/** Rank of former members: sorts after all roles. */
export const RANK_LEFT = 9;

export const schema = new mongoose.Schema<MemberDocument>(
  {
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    userId: { type: String, required: true },
    role: String,
    rank: Number,
    joinedSeq: Number,
    leftSeq: Number,
    leftFreely: Boolean,
    absences: { type: [mongoose.Schema.Types.Mixed], default: undefined },
    controlSeq: Number,
    apart: Boolean,
    lastReadSeq: { type: Number, required: true },
    lastReadN: Number,
    lastDeliveredSeq: { type: Number, required: true },
    privateReadSeq: Number,
    privateReadN: Number,
    privateDeliveredSeq: Number,
    lastSentSeq: Number,
    frozenFor: { type: [mongoose.Schema.Types.Mixed], default: undefined },
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
/** Uniqueness, and queries: the members of several conversations; one user's document in a conversation. */
export const BY_CONVERSATION = { conversationId: 1, userId: 1 } as const;
/** Queries: a user's documents changed since a time (`sync`); all documents of a user. */
export const BY_CHANGE = { userId: 1, changedAt: 1, conversationId: 1 } as const;
/** Queries: a member list, owner first; the member who becomes the next owner. */
export const BY_RANK = { conversationId: 1, rank: 1, joinedSeq: 1, userId: 1 } as const;
/** Query: a user's large groups and channels. */
export const BY_LARGE = { userId: 1, apart: 1 } as const;
/** Query: the number of current members who have read up to a `seq` or further (covered by the index). */
export const BY_READ = { conversationId: 1, lastReadSeq: 1, joinedSeq: 1, rank: 1, userId: 1 } as const;
/** Query: members who have cleared a conversation up to a `seq` or further. */
export const BY_CLEARED = { conversationId: 1, clearedSeq: 1 } as const;
/** Query: members who were absent at a `seq`. */
export const BY_ABSENCE = { conversationId: 1, 'absences.toSeq': 1 } as const;
/** Query: a user's pinned conversations, newest pin first. */
export const BY_PIN = { userId: 1, pinnedAt: -1, conversationId: -1 } as const;
/** Query: a user's archived conversations, most recently archived first. */
export const BY_ARCHIVE = { userId: 1, archivedAt: -1, conversationId: -1 } as const;
/** Query: conversations that a user has marked as unread. */
export const BY_MARK = { userId: 1, markedUnread: 1 } as const;
schema.index(BY_CONVERSATION, { unique: true });
schema.index(BY_CHANGE);
schema.index(BY_RANK);
schema.index(BY_LARGE, { partialFilterExpression: { apart: true } });
schema.index(BY_READ);
schema.index(BY_CLEARED, { partialFilterExpression: { clearedSeq: { $exists: true } } });
schema.index(BY_ABSENCE, { partialFilterExpression: { absences: { $exists: true } } });
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
