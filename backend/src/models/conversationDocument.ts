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
 * A conversation as it is stored. `participantsKey` is there for a direct one only, and once per pair.
 * From `lastSeq` on down to `maybeUnread` everything is derived from the messages, only ever moves forward, and may
 * lag behind them for some milliseconds.
 */
export interface ConversationDocument {
  _id: ObjectId;
  type: 'direct' | 'group' | 'channel';
  participantsKey?: string;
  /** A key that sat on a document which was not that pair (requirement B3). */
  quarantinedKey?: string;
  /** Of a direct one sorted, as in the key. Of a small group the members; not there when the members live `apart`. */
  participants: string[];
  /** Large groups and channels: who is in it is found through `members` alone. */
  apart?: boolean;
  /** Makes a group once per creator and the creator's own name for it. */
  creationKey?: string;
  /** What the group was created as: the same key with another content is a conflict. */
  creationHash?: string;
  /** Every control entry of the log up to this one is applied to `members` and to the fields from here to `blockedBy`. */
  control?: number;
  name?: string;
  avatar?: string;
  history?: HistoryMode;
  open?: boolean;
  /** The last entry that took somebody out. */
  removalSeq?: number;
  /** Of a direct one: who closed it, and who of the two has blocked the other. */
  closedBy?: string;
  blockedBy?: string[];
  /** Messages pinned for everybody; derived from the changes, up to `rev`. */
  pinned?: number[];
  /** Sealed after a merge: everything goes on there. */
  mergedInto?: ObjectId;
  /** Sealed after a split (`mergedInto` is then its own id): for each member it goes on in the one that is theirs. */
  splitInto?: { conversationId: ObjectId; participants: string[] }[];
  createdBy: string;
  memberCount: number;
  rev: number;
  occasions: Occasion[];
  createdAt: Date;
  lastSeq: number;
  messageCount: number;
  /** Order of the list; of an empty conversation, when it was made. */
  lastMessageAt: Date;
  /** The newest entry; compared as a whole, and so by `seq` first. */
  tail?: { seq: number; id: ObjectId; control?: number };
  /** The newest entry that history shows, where it is another one; compared in the same way. */
  shown?: { seq: number; id: ObjectId };
  /**
   * Direct ones: the newest message of each participant, in their order: who sends has read what came before. In groups
   * the sender's position in `members` is moved instead.
   */
  lastSent: number[];
  /** How many counted messages there were up to each of `lastSent`. */
  lastSentN?: number[];
  /** Who may have something unread: a superset, so that totals need not look at every conversation. */
  maybeUnread: string[];
  /** Database time of the last write that a client should hear of: the order of `sync`. */
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
  /** The newest message that history shows. */
  lastMessageId: MessageId | undefined;
  /** The `seq` of that message, and the control entry behind which the newest entry stands. */
  lastMessageSeq: number;
  tailControl: number;
  control: number;
  closedBy: UserId | undefined;
  blockedBy: UserId[];
  lastSentN: number[];
  mergedInto: ConversationId | undefined;
  splitInto: { conversationId: ConversationId; participants: UserId[] }[];
  /** Of groups: the newest messages of senders whose positions are not written yet. */
  sentBy?: ReadonlyMap<UserId, { seq: number; n: number }>;
}

/** What was committed to a conversation, to be merged into its stored summary. */
export interface Summary {
  conversationId: ConversationId;
  lastSeq: number;
  messageCount: number;
  lastMessageId: MessageId;
  /** The control entry behind which the newest entry stands. */
  control: number;
  /** The newest entry that history shows; undefined when all of these are silent. */
  shown: { seq: number; id: MessageId } | undefined;
  /** Of a silent entry nobody is told, and no list is reordered for it. */
  lastMessageAt: Date | undefined;
  /** Of direct ones, by place in `participants`. */
  lastSent: Map<number, { seq: number; n: number }>;
  /** Of groups: the newest message of each sender. */
  senders: Map<UserId, { seq: number; n: number }>;
  unreadFor: Set<UserId>;
}

/** A place in the list of conversations: below it come older ones. */
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
    mergedInto: mongoose.Schema.Types.ObjectId,
    splitInto: { type: [mongoose.Schema.Types.Mixed], default: undefined },
    createdBy: { type: String, required: true },
    memberCount: Number,
    rev: Number,
    occasions: [{ _id: false, kind: String, id: String, title: String, startedBy: String, at: Date }],
    createdAt: Date,
    lastSeq: Number,
    messageCount: Number,
    lastMessageAt: Date,
    tail: mongoose.Schema.Types.Mixed,
    shown: mongoose.Schema.Types.Mixed,
    lastSent: [Number],
    lastSentN: { type: [Number], default: undefined },
    maybeUnread: [String],
    changedAt: Date,
  },
  { collection: 'conversations', versionKey: false },
);
/** One direct conversation per pair; documents without a key (groups, data older than the key) are left alone. */
export const BY_KEY = { participantsKey: 1 } as const;
/** A user's list, newest message first. */
export const BY_LAST_MESSAGE = { participants: 1, lastMessageAt: -1, _id: -1 } as const;
/** The groups among them: a user with ten thousand chats has few. */
export const BY_GROUP = { type: 1, participants: 1, lastMessageAt: -1, _id: -1 } as const;
/** What changed for a user since a time. */
export const BY_CHANGE = { participants: 1, changedAt: 1, _id: 1 } as const;
/** The conversations in which a user may have something unread. */
export const BY_UNREAD = { maybeUnread: 1 } as const;
/** One group per creator and the creator's own name for it. */
export const BY_CREATION = { creationKey: 1 } as const;
/** What leads to a conversation that is merged itself (the data tasks). */
export const BY_MERGE = { mergedInto: 1 } as const;
schema.index(BY_KEY, { unique: true, sparse: true });
schema.index(BY_CREATION, { unique: true, sparse: true });
schema.index(BY_LAST_MESSAGE);
schema.index(BY_GROUP, { partialFilterExpression: { type: 'group' } });
schema.index(BY_CHANGE);
schema.index(BY_UNREAD);
schema.index(BY_MERGE, { sparse: true });

/** Documents from before these fields existed stay readable: what is missing is what a new document begins with. */
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
