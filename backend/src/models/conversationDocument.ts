import mongoose from 'mongoose';
import type {
  ConversationId,
  HistoryMode,
  MessageId,
  OccasionInput,
  UserId,
} from '../../../contract/index.js';
import { conversationIdOf, messageIdOf, type ObjectId } from './objectIds.js';

export interface Occasion extends OccasionInput {
  startedBy: UserId;
  at: Date;
}

/**
 * A conversation.
 *
 * `{ type: 'direct', participantsKey: 'alice_bob', participants: ['alice', 'bob'], lastSeq: 7, … }`
 *
 * Invariants: only direct conversations have a `participantsKey`, unique per pair. The fields from `lastSeq` to
 * `maybeUnread` are derived from the messages, only ever advance, and may lag behind the log for some milliseconds.
 */
export interface ConversationDocument {
  _id: ObjectId;
  type: 'direct' | 'group' | 'channel';
  participantsKey?: string;
  /** Key that was found on a document that was not that pair (requirement B3). */
  quarantinedKey?: string;
  /** Direct: both users, sorted as in the key. Small group: its members. Absent in large conversations (`apart`). */
  participants: string[];
  /** Large group or channel: its members are listed only in `members`. */
  apart?: boolean;
  /** Idempotency key of the creation: unique per creator and client-chosen id of a group. */
  creationKey?: string;
  /** Hash of the creation payload: the same key with different content is a conflict. */
  creationHash?: string;
  /** `seq` of the last membership event applied to `members` and to the fields from here to `blockedBy`. */
  control?: number;
  name?: string;
  avatar?: string;
  history?: HistoryMode;
  open?: boolean;
  /** `seq` of the last membership event that removed a member. */
  removalSeq?: number;
  /** Direct only: the user who unmatched the other. */
  closedBy?: string;
  /** Direct only: which of the two users have blocked the other. */
  blockedBy?: string[];
  /** `seq`s of the messages pinned for everyone; derived from the change log, up to `rev`. */
  pinned?: number[];
  /**
   * The highest `seq` of a counted message that was deleted for everyone. Derived from the change log, up to `rev`;
   * only ever increases. Unread counts of members who have read up to it need no correction for deletions.
   */
  lastDeletedSeq?: number;
  /** Sealed after a merge: the conversation that continues this one. */
  mergedInto?: ObjectId;
  /** Sealed after a split (`mergedInto` is then its own id): the conversations that continue it, with their members. */
  splitInto?: { conversationId: ObjectId; participants: string[] }[];
  createdBy: string;
  memberCount: number;
  rev: number;
  occasions: Occasion[];
  /** Occasions given by restricted users: each is shown to its author only. */
  shadowOccasions?: Occasion[];
  /**
   * Direct conversation opened by a restricted user: only the opener sees it until the other user opens it or is
   * written to.
   */
  shadow?: boolean;
  createdAt: Date;
  lastSeq: number;
  messageCount: number;
  /** Sort key of conversation lists; for an empty conversation, its creation time. */
  lastMessageAt: Date;
  /** The newest log entry. Compared by `$max` as a whole, so by `seq` first. */
  tail?: { seq: number; id: ObjectId; control?: number };
  /** The newest entry that history shows, if it differs from `tail`. Compared in the same way. */
  shown?: { seq: number; id: ObjectId };
  /**
   * Direct conversations only: `seq` of each participant's newest message, in the order of `participants`.
   * Sending a message marks everything before it as read. In groups the sender's position in `members` is updated
   * instead.
   */
  lastSent: number[];
  /** Number of counted messages up to each position in `lastSent`. */
  lastSentN?: number[];
  /**
   * Newest `quiet` message of each participant, by index in `participants`. It advances the read position that
   * its sender sees; the other participant sees it as a delivery position at most.
   */
  lastQuiet?: Record<string, { seq: number; n: number }>;
  /**
   * Participants who may have unread messages: a superset, so that totals need not examine every conversation.
   */
  maybeUnread: string[];
  /** Database time of the last write that clients have to learn of: the order of `sync`. */
  changedAt: Date;
}

export interface ConversationRecord extends Omit<
  ConversationDocument,
  | '_id'
  | 'participants'
  | 'createdBy'
  | 'tail'
  | 'shown'
  | 'maybeUnread'
  | 'closedBy'
  | 'blockedBy'
  | 'mergedInto'
  | 'control'
  | 'lastSentN'
  | 'splitInto'
> {
  _id: ConversationId;
  participants: UserId[];
  createdBy: UserId;
  /** Id of the newest message that history shows. */
  lastMessageId: MessageId | undefined;
  /** `seq` of that message. */
  lastMessageSeq: number;
  /** `seq` of the last membership event as of the newest log entry. */
  tailControl: number;
  control: number;
  closedBy: UserId | undefined;
  blockedBy: UserId[];
  lastSentN: number[];
  mergedInto: ConversationId | undefined;
  splitInto: { conversationId: ConversationId; participants: UserId[] }[];
  /** Groups only: newest message of each sender whose position is not written yet. */
  sentBy?: ReadonlyMap<UserId, { seq: number; n: number }>;
  /** Groups only: newest `quiet` message of each sender whose position is not written yet. */
  quietBy?: ReadonlyMap<UserId, { seq: number; n: number }>;
}

/** Log entries of a conversation that are to be merged into its stored summary. */
export interface Summary {
  conversationId: ConversationId;
  lastSeq: number;
  messageCount: number;
  lastMessageId: MessageId;
  /** `seq` of the last membership event as of the newest entry. */
  control: number;
  /** The newest entry that history shows; undefined when all entries are silent. */
  shown: { seq: number; id: MessageId } | undefined;
  /** Undefined when all entries are silent: silent entries send no notification and do not reorder the list. */
  lastMessageAt: Date | undefined;
  /** The highest `seq` among these that was deleted for everyone; 0 for none. Only imports insert deleted messages. */
  lastDeletedSeq: number;
  /** Direct conversations only: newest message of each sender, by index in `participants`. */
  lastSent: Map<number, { seq: number; n: number }>;
  /** Groups only: newest message of each sender. */
  senders: Map<UserId, { seq: number; n: number; blockedWith?: readonly UserId[] }>;
  /** Counterparts of `lastSent` and `senders` for `quiet` messages. */
  lastQuiet: Map<number, { seq: number; n: number }>;
  quietSenders: Map<UserId, { seq: number; n: number }>;
  unreadFor: Set<UserId>;
}

/** Members, name and settings of a conversation as of a membership event (`control`). */
export interface StoredMembership {
  conversationId: ConversationId;
  type: ConversationDocument['type'];
  control: number;
  isLarge: boolean;
  memberCount: number;
  removalSeq: number;
  name: string | undefined;
  avatar: string | undefined;
  history: 'all' | 'joined';
  open: boolean;
  closedBy: UserId | undefined;
  blockedBy: ReadonlySet<UserId>;
  sealedInto: ConversationId | undefined;
  members: ReadonlyMap<UserId, unknown>;
}

/** Position in a conversation list; the next page holds older conversations. */
export interface ListPosition {
  lastMessageAt: Date;
  _id: ConversationId;
}

export const schema = new mongoose.Schema<ConversationDocument>(
  {
    type: { type: String, required: true },
    participantsKey: String,
    quarantinedKey: String,
    participants: { type: [String], default: undefined },
    apart: Boolean,
    creationKey: String,
    creationHash: String,
    control: Number,
    name: String,
    avatar: String,
    history: String,
    open: Boolean,
    removalSeq: Number,
    closedBy: String,
    blockedBy: { type: [String], default: undefined },
    pinned: { type: [Number], default: undefined },
    lastDeletedSeq: Number,
    mergedInto: mongoose.Schema.Types.ObjectId,
    splitInto: { type: [mongoose.Schema.Types.Mixed], default: undefined },
    createdBy: { type: String, required: true },
    memberCount: Number,
    rev: Number,
    occasions: [{ _id: false, kind: String, id: String, title: String, startedBy: String, at: Date }],
    shadowOccasions: { type: [mongoose.Schema.Types.Mixed], default: undefined },
    shadow: Boolean,
    createdAt: Date,
    lastSeq: Number,
    messageCount: Number,
    lastMessageAt: Date,
    tail: mongoose.Schema.Types.Mixed,
    shown: mongoose.Schema.Types.Mixed,
    lastSent: [Number],
    lastSentN: { type: [Number], default: undefined },
    lastQuiet: mongoose.Schema.Types.Mixed,
    maybeUnread: [String],
    changedAt: Date,
  },
  { collection: 'conversations', versionKey: false },
);
/** Uniqueness: one direct conversation per pair. Sparse: groups and data older than the key have none. */
export const BY_KEY = { participantsKey: 1 } as const;
/** Query: a user's conversation list, newest message first. */
export const BY_LAST_MESSAGE = { participants: 1, lastMessageAt: -1, _id: -1 } as const;
/** Query: a user's small groups. Few users with many conversations are in many groups, so this index is shorter. */
export const BY_GROUP = { type: 1, participants: 1, lastMessageAt: -1, _id: -1 } as const;
/** Query: a user's conversations changed since a time (`sync`). */
export const BY_CHANGE = { participants: 1, changedAt: 1, _id: 1 } as const;
/** Query: conversations in which a user may have unread messages. */
export const BY_UNREAD = { maybeUnread: 1 } as const;
/** Uniqueness: one group per creator and client-chosen id. */
export const BY_CREATION = { creationKey: 1 } as const;
/** Query: conversations merged into a conversation (data tasks). */
export const BY_MERGE = { mergedInto: 1 } as const;
schema.index(BY_KEY, { unique: true, sparse: true });
schema.index(BY_CREATION, { unique: true, sparse: true });
schema.index(BY_LAST_MESSAGE);
schema.index(BY_GROUP, { partialFilterExpression: { type: 'group' } });
schema.index(BY_CHANGE);
schema.index(BY_UNREAD);
schema.index(BY_MERGE, { sparse: true });

/** Documents older than some fields stay readable: a missing field has the value of a new document. */
type StoredConversation = Partial<ConversationDocument> & Pick<ConversationDocument, '_id'>;

export function toRecord(stored: StoredConversation): ConversationRecord {
  const { _id, createdBy, tail, shown, maybeUnread: _superset, mergedInto, ...doc } = stored;
  const participants = (doc.participants ?? []) as UserId[];
  const createdAt = doc.createdAt ?? _id.getTimestamp();
  const newest = shown ?? tail;
  return {
    ...doc,
    _id: conversationIdOf(_id),
    type: doc.type ?? 'direct',
    participants,
    createdBy: (createdBy ?? participants[0] ?? '') as UserId,
    memberCount: doc.memberCount ?? participants.length,
    messageCount: doc.messageCount ?? 0,
    lastSeq: doc.lastSeq ?? 0,
    rev: doc.rev ?? 0,
    control: doc.control ?? 0,
    closedBy: doc.closedBy as UserId | undefined,
    blockedBy: (doc.blockedBy ?? []) as UserId[],
    lastSent: doc.lastSent ?? [],
    lastSentN: doc.lastSentN ?? doc.lastSent ?? [],
    occasions: doc.occasions ?? [],
    createdAt,
    lastMessageAt: doc.lastMessageAt ?? createdAt,
    changedAt: doc.changedAt ?? createdAt,
    lastMessageId: newest === undefined ? undefined : messageIdOf(newest.id),
    lastMessageSeq: newest?.seq ?? 0,
    tailControl: tail?.control ?? 0,
    mergedInto: mergedInto === undefined ? undefined : conversationIdOf(mergedInto),
    splitInto: (doc.splitInto ?? []).map((one) => ({
      conversationId: conversationIdOf(one.conversationId),
      participants: one.participants as UserId[],
    })),
  };
}
