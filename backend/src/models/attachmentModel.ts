import mongoose from 'mongoose';
import type { AttachmentId, RejectionReason, UserId } from '../../../contract/index.js';
import {
  BY_CLIENT_ID,
  BY_REPORT,
  BY_STATUS,
  BY_UPLOADER,
  schema,
  type AttachmentDocument,
  type AttachmentRecord,
  type AttachmentStatus,
  type FileUse,
} from './attachmentDocument.js';
import { COMMITTED } from './committed.js';
import { insertMissing } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { readLimit } from './readLimits.js';
import type { FileFacts } from './storedAttachment.js';

export type { AttachmentRecord, AttachmentStatus, FileUse } from './attachmentDocument.js';

export type NewAttachment = Omit<AttachmentRecord, 'changedAt' | 'reason'>;

export const newAttachmentId = (): AttachmentId =>
  new mongoose.Types.ObjectId().toHexString() as AttachmentId;

const toRecord = ({ _id, uploaderId, usedBy, ...doc }: AttachmentDocument): AttachmentRecord => ({
  ...doc,
  _id: _id.toHexString() as AttachmentId,
  uploaderId: uploaderId as UserId,
  ...(usedBy !== undefined && {
    usedBy: {
      conversationId: conversationIdOf(usedBy.conversationId),
      senderId: usedBy.senderId as UserId,
      clientMessageId: usedBy.clientMessageId,
      at: usedBy.at,
    },
  }),
});

const toUse = ({ conversationId, senderId, clientMessageId }: FileUse) => ({
  conversationId: objectId(conversationId),
  senderId,
  clientMessageId,
});

/** Filter of rows that this message has, or may get. */
const freeFor = (use: FileUse) => ({
  $or: [{ usedBy: { $exists: false } }, ofUse(use)],
});

function ofUse(use: FileUse) {
  const { conversationId, senderId, clientMessageId } = toUse(use);
  return {
    'usedBy.conversationId': conversationId,
    'usedBy.senderId': senderId,
    'usedBy.clientMessageId': clientMessageId,
  };
}

type Filter = mongoose.mongo.Filter<AttachmentDocument>;
type Change = mongoose.mongo.UpdateFilter<AttachmentDocument>;

const fromPrimary = () => ({ readPreference: 'primary', ...readLimit() }) as const;

const idsOf = (ids: readonly AttachmentId[]): ObjectId[] => ids.map(objectId);

export function createAttachmentModel(connection: mongoose.Connection) {
  const model = connection.model('Attachment', schema);
  const collection = connection.collection<AttachmentDocument>('attachments');

  /** Ids and states are parsed above; the driver's collection keeps filters on nested fields, which Mongoose would drop. */
  const update = async (filter: Filter, change: Change): Promise<AttachmentRecord | undefined> => {
    const found = await collection.findOneAndUpdate(filter, change, {
      returnDocument: 'after',
      writeConcern: COMMITTED,
    });
    return found === null ? undefined : toRecord(found);
  };

  return {
    model,

    /** Stores a new row. Returns false when there is one with this id or `clientAttachmentId`. */
    insert({ _id, usedBy, ...row }: NewAttachment): Promise<boolean> {
      const document: AttachmentDocument = {
        ...row,
        _id: objectId(_id),
        ...(usedBy !== undefined && { usedBy: { ...toUse(usedBy), at: usedBy.at } }),
        changedAt: row.createdAt,
      };
      return insertMissing(() => collection.insertOne(document, { writeConcern: COMMITTED }));
    },

    async findById(id: AttachmentId): Promise<AttachmentRecord | undefined> {
      const found = await collection.findOne({ _id: objectId(id) }, fromPrimary());
      return found === null ? undefined : toRecord(found);
    },

    async findByIds(ids: readonly AttachmentId[]): Promise<AttachmentRecord[]> {
      const found = await collection.find({ _id: { $in: idsOf(ids) } }, fromPrimary()).toArray();
      return found.map(toRecord);
    },

    async findByClientId(
      uploaderId: UserId,
      clientAttachmentId: string,
    ): Promise<AttachmentRecord | undefined> {
      const found = await collection.findOne(
        { uploaderId, clientAttachmentId },
        { hint: BY_CLIENT_ID, ...fromPrimary() },
      );
      return found === null ? undefined : toRecord(found);
    },

    /** Number of a user's uploads that are not finished, this one included: at most `limit`. */
    async countUnfinished(uploaderId: UserId, limit: number): Promise<number> {
      const found = await collection
        .find(
          { uploaderId, status: { $in: ['pending', 'processing'] } },
          { projection: { _id: 1 }, limit, hint: BY_UPLOADER, ...fromPrimary() },
        )
        .toArray();
      return found.length;
    },

    /** Notes the store's upload in parts, unless another one than `previous` is noted already. */
    setUploadId(
      id: AttachmentId,
      uploadId: string,
      previous?: string,
    ): Promise<AttachmentRecord | undefined> {
      return update(
        { _id: objectId(id), status: 'pending', uploadId: previous ?? { $exists: false } },
        { $set: { uploadId } },
      );
    },

    /**
     * Claims the check of an upload: of several callers one gets the row, until `until`. Undefined when another one has it,
     * or there is nothing to check.
     */
    claim(
      id: AttachmentId,
      { token, until, now }: { token: string; until: Date; now: Date },
    ): Promise<AttachmentRecord | undefined> {
      return update(
        {
          _id: objectId(id),
          $or: [{ status: 'pending' }, { status: 'processing', 'claim.until': { $lte: now } }],
        },
        { $set: { status: 'processing', claim: { token, until }, changedAt: now } },
      );
    },

    /** Ends a check. Undefined when the claim was lost, or the file was cancelled meanwhile. */
    settle(
      id: AttachmentId,
      token: string,
      result: { now: Date } & (
        | { status: 'ready'; facts: FileFacts }
        | { status: 'rejected'; reason: RejectionReason }
        | { status: 'pending' }
      ),
    ): Promise<AttachmentRecord | undefined> {
      const { now, ...fields } = result;
      return update(
        { _id: objectId(id), status: 'processing', 'claim.token': token },
        {
          $set: { ...fields, changedAt: now },
          $unset: { claim: 1, ...(fields.status !== 'pending' && { uploadId: 1 }) },
        },
      );
    },

    /** Gives ready files of a user to a message, unless another message has them. Returns how many it has now. */
    async use(
      ids: readonly AttachmentId[],
      uploaderId: UserId,
      use: FileUse & { at: Date },
    ): Promise<number> {
      const changed = await collection.updateMany(
        { _id: { $in: idsOf(ids) }, uploaderId, status: { $in: ['ready', 'sent'] }, ...freeFor(use) },
        { $set: { usedBy: { ...toUse(use), at: use.at } } },
        { writeConcern: COMMITTED },
      );
      return changed.matchedCount;
    },

    /** Takes files back from a message that was refused. */
    async release(ids: readonly AttachmentId[], use: FileUse): Promise<void> {
      await collection.updateMany(
        { _id: { $in: idsOf(ids) }, status: 'ready', ...ofUse(use) },
        { $unset: { usedBy: 1 } },
        { writeConcern: COMMITTED },
      );
    },

    /** Takes a file from a message that was never stored. False when it was given away meanwhile. */
    async releaseUnstored(id: AttachmentId, use: FileUse & { at: Date }): Promise<boolean> {
      const changed = await collection.updateOne(
        { _id: objectId(id), status: { $in: ['ready', 'processing'] }, ...ofUse(use), 'usedBy.at': use.at },
        { $unset: { usedBy: 1 } },
        { writeConcern: COMMITTED },
      );
      return changed.modifiedCount === 1;
    },

    /** Notes that the message which has these files is stored. */
    async markSent(ids: readonly AttachmentId[], now: Date): Promise<void> {
      if (ids.length === 0) return;
      await collection.updateMany(
        { _id: { $in: idsOf(ids) }, status: 'ready' },
        { $set: { status: 'sent', changedAt: now } },
        { writeConcern: COMMITTED },
      );
    },

    /**
     * Puts files on the list of those to delete, for good. Their names are erased at once. Files of reported messages are
     * held instead, until the reports are decided.
     */
    async markDeleting(ids: readonly AttachmentId[], now: Date): Promise<void> {
      if (ids.length === 0) return;
      const ofMessage = { _id: { $in: idsOf(ids) }, status: { $nin: ['deleting', 'held'] } } satisfies Filter;
      const options = { writeConcern: COMMITTED };
      // A report that is opened or decided between two steps is seen by the next one.
      await collection.updateMany({ ...ofMessage, ...UNREPORTED }, ERASE(now), options);
      await collection.updateMany({ ...ofMessage, ...REPORTED }, HOLD(now), options);
      await collection.updateMany({ ...ofMessage, ...UNREPORTED }, ERASE(now), options);
    },

    /** Notes an undecided report about the message of these files. */
    async report(ids: readonly AttachmentId[], reportId: string): Promise<void> {
      if (ids.length === 0) return;
      await collection.updateMany(
        { _id: { $in: idsOf(ids) }, status: { $ne: 'deleting' } },
        { $addToSet: { reports: reportId } },
        { writeConcern: COMMITTED },
      );
    },

    /** Forgets decided reports. Returns how many files were held for them alone, and are on the list of those to delete now. */
    async endReports(reportIds: readonly string[], now: Date): Promise<number> {
      const reported = { reports: { $in: [...reportIds] } };
      const found = await collection
        .find(reported, { projection: { _id: 1 }, hint: BY_REPORT, ...fromPrimary() })
        .toArray();
      if (found.length === 0) return 0;
      const options = { writeConcern: COMMITTED };
      await collection.updateMany(reported, { $pullAll: { reports: [...reportIds] } }, options);
      return this.eraseUnreported(
        found.map(({ _id }) => _id.toHexString() as AttachmentId),
        now,
      );
    },

    /** Puts held files that no report names on the list of those to delete. Returns how many. */
    async eraseUnreported(ids: readonly AttachmentId[], now: Date): Promise<number> {
      const erased = await collection.updateMany(
        { _id: { $in: idsOf(ids) }, status: 'held', ...UNREPORTED },
        ERASE(now),
        { writeConcern: COMMITTED },
      );
      return erased.modifiedCount;
    },

    /** Files of the messages that these reports are about, those of deleted messages too. */
    async findByReports(reportIds: readonly string[]): Promise<AttachmentRecord[]> {
      if (reportIds.length === 0) return [];
      const found = await collection
        .find({ reports: { $in: [...reportIds] } }, { hint: BY_REPORT, sort: { _id: 1 }, ...readLimit() })
        .toArray();
      return found.map(toRecord);
    },

    /** Puts an unsent file on that list, if it still is in one of these states and nobody uses it. */
    async discard(
      id: AttachmentId,
      statuses: readonly AttachmentStatus[],
      { before, now }: { before?: Date; now: Date },
    ): Promise<boolean> {
      const changed = await collection.updateOne(
        {
          _id: objectId(id),
          status: { $in: [...statuses] },
          usedBy: { $exists: false },
          ...(before !== undefined && { changedAt: { $lt: before } }),
        },
        ERASE(now),
        { writeConcern: COMMITTED },
      );
      return changed.modifiedCount === 1;
    },

    /** Rows in this state since before a time, oldest first. */
    async findByStatus(
      status: AttachmentStatus,
      { before, limit }: { before: Date; limit: number },
    ): Promise<AttachmentRecord[]> {
      const found = await collection
        .find(
          { status, changedAt: { $lt: before } },
          { sort: { changedAt: 1 }, limit, hint: BY_STATUS, ...fromPrimary() },
        )
        .toArray();
      return found.map(toRecord);
    },

    /** Postpones the deletion of files whose objects could not be removed: others go first. */
    async postpone(ids: readonly AttachmentId[], until: Date): Promise<void> {
      await collection.updateMany(
        { _id: { $in: idsOf(ids) }, status: 'deleting' },
        { $set: { changedAt: until } },
        { writeConcern: COMMITTED },
      );
    },

    /** Number of files that are held for moderators: exact up to `limit`. */
    countHeld: (limit: number): Promise<number> =>
      collection.countDocuments({ status: 'held' }, { limit, hint: BY_STATUS }),

    /** Number of files on the list of those to delete: exact up to `limit`. */
    countDeleting: (limit: number): Promise<number> =>
      collection.countDocuments({ status: 'deleting' }, { limit, hint: BY_STATUS }),

    /** Removes rows whose objects are gone. */
    async remove(ids: readonly AttachmentId[]): Promise<void> {
      await collection.deleteMany(
        { _id: { $in: idsOf(ids) }, status: 'deleting' },
        { writeConcern: COMMITTED },
      );
    },
  };
}

const REPORTED = { 'reports.0': { $exists: true } };
const UNREPORTED = { 'reports.0': { $exists: false } };

/** Moderators need the file and its name: those stay. */
const HOLD = (now: Date): Change => ({
  $set: { status: 'held', changedAt: now },
  $unset: { announced: 1, usedBy: 1, claim: 1, clientAttachmentId: 1 },
});

/** File names are text of their owner, which a deletion must not leave anywhere. */
const ERASE = (now: Date): Change => ({
  $set: { status: 'deleting', changedAt: now },
  $unset: { announced: 1, facts: 1, usedBy: 1, claim: 1, clientAttachmentId: 1, reports: 1 },
});

export type AttachmentModel = ReturnType<typeof createAttachmentModel>;
