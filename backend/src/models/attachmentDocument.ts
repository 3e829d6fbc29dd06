import mongoose from 'mongoose';
import type {
  AttachmentId,
  AttachmentKind,
  ConversationId,
  RejectionReason,
  UserId,
} from '../../../contract/index.js';
import type { ObjectId } from './objectIds.js';
import type { FileFacts } from './storedAttachment.js';

/**
 * `pending` → `processing` → `ready` → `sent`, or → `rejected`. `processing` falls back to `pending` when the check could not
 * be carried out. `held`: its message was deleted while a report about it was open; only moderators see it, and the last
 * decision makes it `deleting`. `deleting`: the objects are to be removed, and then the row; nothing leads out of it.
 */
export type AttachmentStatus = 'pending' | 'processing' | 'ready' | 'rejected' | 'sent' | 'held' | 'deleting';

/** The message that has the file. */
export interface FileUse {
  conversationId: ConversationId;
  senderId: UserId;
  clientMessageId: string;
}

/**
 * An uploaded file. Its bytes are in the object store: as uploaded under `up/<id>`, as checked under `att/<id>/original`
 * and `att/<id>/thumb`.
 *
 * `{ _id, uploaderId: 'alice', kind: 'image', announced: { name, mimeType, sizeBytes }, status: 'sent', facts: { … },
 * usedBy: { conversationId, senderId, clientMessageId }, createdAt, changedAt }`
 *
 * Invariants: objects exist only for ids that have a row, except those that a late upload leaves under `up/`, which the sweep
 * removes. `facts` are set from `ready` on. At most one message has a file, the one that `usedBy` names: forwarding copies
 * the objects. A row is removed after its objects. `deleting` rows hold no text.
 */
export interface AttachmentDocument {
  _id: ObjectId;
  uploaderId: string;
  clientAttachmentId?: string;
  kind: AttachmentKind;
  announced?: {
    name: string;
    mimeType: string;
    sizeBytes: number;
    durationMs?: number;
    waveform?: number[];
  };
  status: AttachmentStatus;
  /** Upload in parts that the object store has opened. */
  uploadId?: string;
  /** The check under way: of two processes one has it. Another one takes over after `until` (database time). */
  claim?: { token: string; until: Date };
  reason?: RejectionReason;
  facts?: FileFacts;
  /** Set before the message is stored, so that no second message gets the file. */
  usedBy?: { conversationId: ObjectId; senderId: string; clientMessageId: string; at: Date };
  /** Ids of the undecided reports about its message. */
  reports?: string[];
  createdAt: Date;
  /** Database time of the last change of `status`. */
  changedAt: Date;
}

export interface AttachmentRecord extends Omit<AttachmentDocument, '_id' | 'uploaderId' | 'usedBy'> {
  _id: AttachmentId;
  uploaderId: UserId;
  usedBy?: FileUse & { at: Date };
}

const { Mixed } = mongoose.Schema.Types;
export const schema = new mongoose.Schema<AttachmentDocument>(
  {
    uploaderId: { type: String, required: true },
    clientAttachmentId: String,
    kind: { type: String, required: true },
    announced: Mixed,
    status: { type: String, required: true },
    uploadId: String,
    claim: Mixed,
    reason: String,
    facts: Mixed,
    usedBy: Mixed,
    reports: { type: [String], default: undefined },
    createdAt: { type: Date, required: true },
    changedAt: { type: Date, required: true },
  },
  { collection: 'attachments', versionKey: false },
);
/** Uniqueness: a repeated `createAttachment` returns the first upload. */
export const BY_CLIENT_ID = { uploaderId: 1, clientAttachmentId: 1 } as const;
/** Query: the unfinished uploads of a user. */
export const BY_UPLOADER = { uploaderId: 1, status: 1 } as const;
/** Queries: files to delete, and files that were never sent, oldest first. */
export const BY_STATUS = { status: 1, changedAt: 1 } as const;
/** Query: the files of reported messages. */
export const BY_REPORT = { reports: 1 } as const;
schema.index(BY_CLIENT_ID, {
  unique: true,
  partialFilterExpression: { clientAttachmentId: { $exists: true } },
});
schema.index(BY_UPLOADER);
schema.index(BY_STATUS);
schema.index(BY_REPORT, { sparse: true });
