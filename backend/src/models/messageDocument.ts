import mongoose from 'mongoose';
import { z } from 'zod';
import {
  action,
  attachment,
  card,
  conversationId,
  location,
  messageId,
  messageKind,
  userId,
  type Action,
  type Attachment,
  type Card,
  type Location,
  type MessageKind,
  type UserId,
} from '../../../contract/index.js';
import { sound } from './soundMessage.js';
import { conversationIdOf, messageIdOf, objectId, type ObjectId } from './objectIds.js';

/**
 * A message as it is stored. What always holds of a conversation's messages:
 * `seq` is 1, 2, 3 … without a gap; (sender, `clientMessageId`) is there once.
 * A control entry (kind `system`) says who is in the conversation from its place on.
 */
export interface MessageDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  seq: number;
  /** How many counted messages there are up to this one; control entries do not count. */
  n: number;
  /** The `seq` of the last control entry (join, removal …) that the writer had seen, its own included; 0 for none. */
  control: number;
  /** Of a control entry: its `seq` once more, so that an index finds control entries alone. */
  controlSeq?: number;
  action?: Action;
  /** A control entry that history does not show. */
  silent?: boolean;
  /** Sent under a moderator's restriction: nobody but its sender ever sees it, and it does not count. */
  shadow?: boolean;
  senderId: string;
  clientMessageId: string;
  /** Of the payload as it was first sent: a retry after an edit is still the same message. */
  payloadHash: string;
  kind: MessageKind;
  content: string;
  attachments?: Attachment[];
  location?: Location;
  card?: Card;
  replyTo?: number;
  createdAt: Date;
  editedAt?: Date;
  /** The `rev` of the change that is applied, per aspect: an older one changes nothing. */
  editRev?: number;
  deletedAt?: Date;
  deletedBy?: string;
  reactions?: { emoji: string; count: number }[];
  reactRev?: number;
  /** What search finds it by; missing where nothing is said, of deleted ones, and of old ones until they are indexed. */
  words?: string[];
  /** The place of a message that has moved to another conversation: nobody may take it, and nothing is there. */
  moved?: boolean;
  /** A stub: what it says is in `archived_messages`, and is put in again when it is read. */
  archived?: boolean;
}

/** A message above the models; also as it comes back from JSON. */
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
  senderId: userId,
  clientMessageId: z.string(),
  payloadHash: z.string(),
  kind: messageKind,
  content: z.string(),
  attachments: z.array(attachment).exactOptional(),
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
});
export type MessageRecord = z.infer<typeof messageRecord>;

/** The end of a conversation's log. */
export interface Tail {
  seq: number;
  n: number;
  control: number;
}

/** What recovery reads of a message. */
export type MessageTrace = Pick<
  MessageRecord,
  '_id' | 'conversationId' | 'seq' | 'n' | 'control' | 'silent' | 'shadow' | 'senderId' | 'createdAt'
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
  },
  { collection: 'messages', versionKey: false },
);
/** History pages, the tail, and the one referee between two processes that want the same place. */
export const BY_SEQ = { conversationId: 1, seq: 1 } as const;
/** A repeated send, whenever and from whichever device. */
export const BY_CLIENT_ID = { conversationId: 1, senderId: 1, clientMessageId: 1 } as const;
/** Everything a user wrote (their own export). */
export const BY_SENDER = { senderId: 1, _id: -1 } as const;
/** The control entries of a conversation: who is in it follows from them. */
export const BY_CONTROL = { conversationId: 1, controlSeq: 1 } as const;
/** Search by words, or beginnings of words. */
export const BY_WORD = { conversationId: 1, words: 1, seq: 1 } as const;
/** Search by sender. */
export const BY_AUTHOR = { conversationId: 1, senderId: 1, seq: 1 } as const;
schema.index(BY_SEQ, { unique: true });
schema.index(BY_CLIENT_ID, { unique: true });
schema.index(BY_SENDER);
schema.index(BY_CONTROL, { partialFilterExpression: { controlSeq: { $exists: true } } });
schema.index(BY_WORD);
schema.index(BY_AUTHOR);

/** Without its words: only search asks for those, and no copy of a message needs them. */
export const toRecord = (doc: MessageDocument): MessageRecord => {
  const { deletedBy, archived: _stub, words: _words, ...rest } = sound(doc);
  return {
    ...rest,
    _id: messageIdOf(doc._id),
    conversationId: conversationIdOf(doc.conversationId),
    senderId: doc.senderId as UserId,
    ...(deletedBy !== undefined && { deletedBy: deletedBy as UserId }),
  };
};

export const toDocument = (record: MessageRecord): MessageDocument => ({
  ...record,
  _id: objectId(record._id),
  conversationId: objectId(record.conversationId),
});
