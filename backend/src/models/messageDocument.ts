import mongoose from 'mongoose';
import { z } from 'zod';
import {
  action,
  card,
  conversationId,
  location,
  messageId,
  messageKind,
  storedUserId as userId,
  type UserId,
} from '../../../contract/index.js';
import type { MessageDocument } from './messageShape.js';
import { conversationIdOf, messageIdOf, objectId } from './objectIds.js';
import { sanitizeMessage } from './sanitizeMessage.js';
import { storedAttachment } from './storedAttachment.js';

/** A message as used above the models. Also parses messages that were serialized as JSON. */
export const messageRecord = z.object({
  _id: messageId,
  conversationId,
  seq: z.int().min(1),
  n: z.int().min(0),
  control: z.int().min(0),
  controlSeq: z.int().min(1).exactOptional(),
  action: action.exactOptional(),
  silent: z.boolean().exactOptional(),
  shadow: z.boolean().exactOptional(),
  quiet: z.boolean().exactOptional(),
  quietFor: z.array(userId).exactOptional(),
  restrictedAt: z.coerce.date().exactOptional(),
  senderId: userId,
  clientMessageId: z.string(),
  payloadHash: z.string(),
  kind: messageKind,
  content: z.string(),
  attachments: z.array(storedAttachment).exactOptional(),
  location: location.exactOptional(),
  card: card.exactOptional(),
  replyTo: z.int().exactOptional(),
  createdAt: z.coerce.date(),
  editedAt: z.coerce.date().exactOptional(),
  editRev: z.int().exactOptional(),
  deletedAt: z.coerce.date().exactOptional(),
  deletedBy: userId.exactOptional(),
  reactions: z.array(z.object({ emoji: z.string(), count: z.int() })).exactOptional(),
  reactRev: z.int().exactOptional(),
  words: z.array(z.string()).exactOptional(),
  moved: z.boolean().exactOptional(),
  flag: z.object({ reason: z.string().exactOptional() }).exactOptional(),
});
export type MessageRecord = z.infer<typeof messageRecord>;

/** Fields of an entry that decide which members may see it. */
export type EntryFacts = Pick<
  MessageRecord,
  '_id' | 'conversationId' | 'seq' | 'senderId' | 'kind' | 'silent' | 'shadow'
>;

/** The end of a conversation's log. */
export interface Tail {
  seq: number;
  n: number;
  control: number;
}

/**
 * Fields of a message that a summary needs. `deletedAt` is set by imports only: deletions made here are in the
 * change log.
 */
export type MessageTrace = Pick<
  MessageRecord,
  | '_id'
  | 'conversationId'
  | 'seq'
  | 'n'
  | 'control'
  | 'silent'
  | 'shadow'
  | 'senderId'
  | 'createdAt'
  | 'deletedAt'
  | 'quiet'
  | 'quietFor'
>;

const { Mixed, ObjectId: objectIdType } = mongoose.Schema.Types;
export const schema = new mongoose.Schema<MessageDocument>(
  {
    conversationId: { type: objectIdType, required: true },
    seq: { type: Number, required: true },
    n: { type: Number, required: true },
    control: { type: Number, required: true },
    controlSeq: Number,
    action: Mixed,
    silent: Boolean,
    shadow: Boolean,
    quiet: Boolean,
    quietFor: { type: [String], default: undefined },
    restrictedAt: Date,
    senderId: { type: String, required: true },
    clientMessageId: { type: String, required: true },
    payloadHash: { type: String, required: true },
    kind: { type: String, required: true },
    content: String,
    attachments: { type: [Mixed], default: undefined },
    location: Mixed,
    card: Mixed,
    replyTo: Number,
    createdAt: { type: Date, required: true },
    editedAt: Date,
    editRev: Number,
    deletedAt: Date,
    deletedBy: String,
    reactions: { type: [Mixed], default: undefined },
    reactRev: Number,
    words: { type: [String], default: undefined },
    archived: Boolean,
    moved: Boolean,
    flag: Mixed,
  },
  { collection: 'messages', versionKey: false },
);
/** Queries: pages of history, and the tail. Uniqueness decides between two processes that write the same `seq`. */
export const BY_SEQ = { conversationId: 1, seq: 1 } as const;
/** Uniqueness of the idempotency key: finds repeated sends, from any device at any time. */
export const BY_CLIENT_ID = { conversationId: 1, senderId: 1, clientMessageId: 1 } as const;
/** Query: all messages of a user (their data export). */
export const BY_SENDER = { senderId: 1, _id: -1 } as const;
/** Query: the membership events of a conversation, from which its members are derived. */
export const BY_CONTROL = { conversationId: 1, controlSeq: 1 } as const;
/** Query: search by words or prefixes of words. */
export const BY_WORD = { conversationId: 1, words: 1, seq: 1 } as const;
/** Queries: search by sender; the newest messages of a sender. */
export const BY_AUTHOR = { conversationId: 1, senderId: 1, seq: 1 } as const;
/** Query: messages deleted for everyone in a range, to correct unread counts. */
export const BY_DELETED = { conversationId: 1, seq: 1, deletedAt: 1 } as const;
/** Query: shadow entries of a restricted user that changed conversations. Only their author sees them. */
export const BY_SHADOW = { senderId: 1, conversationId: 1, kind: 1, seq: 1 } as const;
/** Query: the messages that have an uploaded file. */
export const BY_FILE = { 'attachments.attachmentId': 1 } as const;
schema.index(BY_SEQ, { unique: true });
schema.index(BY_CLIENT_ID, { unique: true });
schema.index(BY_SENDER);
schema.index(BY_CONTROL, { partialFilterExpression: { controlSeq: { $exists: true } } });
schema.index(BY_WORD);
schema.index(BY_AUTHOR);
schema.index(BY_DELETED, { partialFilterExpression: { deletedAt: { $exists: true } } });
schema.index(BY_FILE, { partialFilterExpression: { 'attachments.attachmentId': { $exists: true } } });
schema.index(BY_SHADOW, { partialFilterExpression: { shadow: true } });

/** Converts a stored message. `words` are omitted, because only search needs them. */
export const toRecord = (doc: MessageDocument): MessageRecord => {
  const { deletedBy, quietFor, archived: _stub, words: _words, ...rest } = sanitizeMessage(doc);
  return {
    ...rest,
    _id: messageIdOf(doc._id),
    conversationId: conversationIdOf(doc.conversationId),
    senderId: doc.senderId as UserId,
    ...(deletedBy !== undefined && { deletedBy: deletedBy as UserId }),
    ...(quietFor !== undefined && { quietFor: quietFor as UserId[] }),
  };
};

export const FACTS = { conversationId: 1, seq: 1, senderId: 1, kind: 1, silent: 1, shadow: 1 } as const;

export const toFacts = (doc: Pick<MessageDocument, '_id' | keyof typeof FACTS>): EntryFacts => ({
  _id: messageIdOf(doc._id),
  conversationId: conversationIdOf(doc.conversationId),
  seq: doc.seq,
  senderId: doc.senderId as UserId,
  kind: doc.kind,
  ...(doc.silent === true && { silent: true }),
  ...(doc.shadow === true && { shadow: true }),
});

export const TRACE = {
  conversationId: 1,
  seq: 1,
  n: 1,
  control: 1,
  silent: 1,
  shadow: 1,
  senderId: 1,
  createdAt: 1,
  quiet: 1,
  quietFor: 1,
} as const;

export const toTrace = (doc: Pick<MessageDocument, '_id' | keyof typeof TRACE>): MessageTrace => ({
  _id: messageIdOf(doc._id),
  conversationId: conversationIdOf(doc.conversationId),
  seq: doc.seq,
  n: doc.n,
  control: doc.control,
  ...(doc.silent === true && { silent: true }),
  ...(doc.shadow === true && { shadow: true }),
  ...(doc.quiet === true && { quiet: true }),
  ...(doc.quietFor !== undefined && { quietFor: doc.quietFor as UserId[] }),
  senderId: doc.senderId as UserId,
  createdAt: doc.createdAt,
});

export const toDocument = (record: MessageRecord): MessageDocument => ({
  ...record,
  _id: objectId(record._id),
  conversationId: objectId(record.conversationId),
});
