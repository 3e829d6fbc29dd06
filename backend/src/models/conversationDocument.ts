import mongoose from 'mongoose';
import type { ConversationId, MessageId, OccasionInput, UserId } from '../../../contract/index.js';
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
  /** Groups and channels keep the same shape; this version serves direct ones only. */
  type: 'direct' | 'group' | 'channel';
  participantsKey?: string;
  /** A key that sat on a document which was not that pair (requirement B3). */
  quarantinedKey?: string;
  /** Sorted, as in the key. */
  participants: string[];
  createdBy: string;
  memberCount: number;
  rev: number;
  occasions: Occasion[];
  createdAt: Date;
  lastSeq: number;
  messageCount: number;
  /** Order of the list; of an empty conversation, when it was made. */
  lastMessageAt: Date;
  /** The newest message; compared as a whole, and so by `seq` first. */
  tail?: { seq: number; id: ObjectId };
  /** The newest message of each participant, in their order: who sends has read what came before. */
  lastSent: number[];
  /** Who may have something unread: a superset, so that totals need not look at every conversation. */
  maybeUnread: string[];
  /** Database time of the last write that a client should hear of: the order of `sync`. */
  changedAt: Date;
}

export interface ConversationRecord extends Omit<
  ConversationDocument,
  '_id' | 'participants' | 'createdBy' | 'tail' | 'maybeUnread'
> {
  _id: ConversationId;
  participants: UserId[];
  createdBy: UserId;
  lastMessageId: MessageId | undefined;
}

/** What was committed to a conversation, to be merged into its stored summary. */
export interface Summary {
  conversationId: ConversationId;
  lastSeq: number;
  messageCount: number;
  lastMessageId: MessageId;
  lastMessageAt: Date;
  /** By place in `participants`. */
  lastSent: Map<number, number>;
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
    participants: { type: [String], required: true },
    createdBy: { type: String, required: true },
    memberCount: Number,
    rev: Number,
    occasions: [{ _id: false, kind: String, id: String, title: String, startedBy: String, at: Date }],
    createdAt: Date,
    lastSeq: Number,
    messageCount: Number,
    lastMessageAt: Date,
    tail: { type: { _id: false, seq: Number, id: mongoose.Schema.Types.ObjectId }, required: false },
    lastSent: [Number],
    maybeUnread: [String],
    changedAt: Date,
  },
  { collection: 'conversations', versionKey: false },
);
/** One direct conversation per pair; documents without a key (groups, data older than the key) are left alone. */
export const BY_KEY = { participantsKey: 1 } as const;
/** A user's list, newest message first. */
export const BY_LAST_MESSAGE = { participants: 1, lastMessageAt: -1, _id: -1 } as const;
/** What changed for a user since a time. */
export const BY_CHANGE = { participants: 1, changedAt: 1, _id: 1 } as const;
/** The conversations in which a user may have something unread. */
export const BY_UNREAD = { maybeUnread: 1 } as const;
schema.index(BY_KEY, { unique: true, sparse: true });
schema.index(BY_LAST_MESSAGE);
schema.index(BY_CHANGE);
schema.index(BY_UNREAD);

/** Documents from before these fields existed stay readable: what is missing is what a new document begins with. */
type StoredConversation = Partial<ConversationDocument> & Pick<ConversationDocument, '_id'>;

export function toRecord(stored: StoredConversation): ConversationRecord {
  const { _id, createdBy, tail, maybeUnread: _superset, ...doc } = stored;
  const participants = (doc.participants ?? []) as UserId[];
  const createdAt = doc.createdAt ?? _id.getTimestamp();
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
    lastSent: doc.lastSent ?? [],
    occasions: doc.occasions ?? [],
    createdAt,
    lastMessageAt: doc.lastMessageAt ?? createdAt,
    changedAt: doc.changedAt ?? createdAt,
    lastMessageId: tail === undefined ? undefined : messageIdOf(tail.id),
  };
}
