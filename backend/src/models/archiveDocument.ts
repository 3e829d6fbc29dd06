import mongoose from 'mongoose';
import type { MessageDocument } from './messageShape.js';
import type { ObjectId } from './objectIds.js';

/** Fields of a message that move to the archive: those that may be long. `words` stay in `messages`, for search. */
export const ARCHIVED_FIELDS = ['content', 'attachments', 'location', 'card'] as const;

/**
 * The content of an archived message. Its stub in `messages` (`archived: true`) keeps the `seq`, the sender and the
 * reactions.
 *
 * Invariants: the copy is written before the message becomes a stub. A copy without a stub was left by a killed
 * archiving task and is ignored. A deleted message leaves a copy without content, so that an archiving task that has
 * already read the message cannot restore its text.
 */
export interface ArchivedDocument extends Pick<
  MessageDocument,
  | 'conversationId'
  | 'seq'
  | 'editedAt'
  | 'editRev'
  | 'deletedAt'
  | 'deletedBy'
  | (typeof ARCHIVED_FIELDS)[number]
> {
  /** Id of the message. */
  _id: ObjectId;
  archivedAt: Date;
}

const { Mixed, ObjectId: objectIdType } = mongoose.Schema.Types;
export const schema = new mongoose.Schema<ArchivedDocument>(
  {
    _id: { type: objectIdType, required: true },
    conversationId: { type: objectIdType, required: true },
    seq: { type: Number, required: true },
    content: String,
    attachments: { type: [Mixed], default: undefined },
    location: Mixed,
    card: Mixed,
    editedAt: Date,
    editRev: Number,
    deletedAt: Date,
    deletedBy: String,
    archivedAt: Date,
  },
  { collection: 'archived_messages', versionKey: false },
);
/** Query: edits and deletions of archived messages by `seq`. */
export const BY_SEQ = { conversationId: 1, seq: 1 } as const;
/** Query: the archived messages that have an uploaded file. */
export const BY_FILE = { 'attachments.attachmentId': 1 } as const;
schema.index(BY_SEQ, { unique: true });
schema.index(BY_FILE, { partialFilterExpression: { 'attachments.attachmentId': { $exists: true } } });

/** A message, or the stub of an archived one. */
export type Stub = MessageDocument & { archived?: boolean };
export const isStub = (doc: Stub): boolean => doc.archived === true;

/** Combines a stub with its copy. Edits write the copy last, so its content and edit fields are taken. */
export function mergeStub({ archived: _stub, ...stub }: Stub, copy: ArchivedDocument): MessageDocument {
  const { archivedAt: _at, _id, conversationId: _id2, seq: _seq, ...moved } = copy;
  const { editedAt: _edited, editRev: _rev, ...stubFields } = stub;
  return { ...stubFields, ...moved };
}

/** Minimum age of a message to be archived, in ms. */
export const MIN_AGE_MS = 86_400_000;

/**
 * True when a message of this time may be archived, or being archived. Half of the minimum age is a margin for clock
 * skew.
 */
export const mayBeArchived = (createdAt: Date): boolean => Date.now() - createdAt.getTime() >= MIN_AGE_MS / 2;

/** Returns the archive copy of a message. */
export function toCopy(document: MessageDocument, archivedAt: Date): ArchivedDocument {
  const { _id, conversationId, seq, content, attachments, location, card, editedAt, editRev } = document;
  return {
    _id,
    conversationId,
    seq,
    content,
    archivedAt,
    ...(attachments !== undefined && { attachments }),
    ...(location !== undefined && { location }),
    ...(card !== undefined && { card }),
    ...(editedAt !== undefined && { editedAt }),
    ...(editRev !== undefined && { editRev }),
  };
}
