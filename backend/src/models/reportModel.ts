import mongoose from 'mongoose';
import type { ConversationId, ReportView, UserId } from '../../../contract/index.js';
import { isDuplicateKey } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

type Reason = ReportView['reason'];
type Status = ReportView['status'];

/**
 * What a user told the moderators about another user, or about a message of theirs. The message itself is not copied:
 * who reads a report reads the log, so that what was deleted is nowhere any more.
 */
interface ReportDocument {
  _id: ObjectId;
  reporterId: string;
  /** Who is reported; of a message its sender. */
  userId: string;
  conversationId?: ObjectId;
  seq?: number;
  reason: Reason;
  comment?: string;
  status: Status;
  /** Reporter and thing, while the report is open: there is one open report of each. */
  openKey?: string;
  resolution?: string;
  resolvedBy?: string;
  resolvedAt?: Date;
  createdAt: Date;
}

export interface NewReport {
  reporterId: UserId;
  userId: UserId;
  message?: { conversationId: ConversationId; seq: number } | undefined;
  reason: Reason;
  comment?: string | undefined;
}

export interface ReportRecord extends Omit<
  ReportDocument,
  '_id' | 'reporterId' | 'userId' | 'conversationId' | 'seq' | 'openKey'
> {
  _id: string;
  reporterId: UserId;
  userId: UserId;
  message: { conversationId: ConversationId; seq: number } | undefined;
}

const schema = new mongoose.Schema<ReportDocument>(
  {
    reporterId: { type: String, required: true },
    userId: { type: String, required: true },
    conversationId: mongoose.Schema.Types.ObjectId,
    seq: Number,
    reason: { type: String, required: true },
    comment: String,
    status: { type: String, required: true },
    openKey: String,
    resolution: String,
    resolvedBy: String,
    resolvedAt: Date,
    createdAt: Date,
  },
  { collection: 'reports', versionKey: false },
);
/** One open report per reporter and thing. */
const BY_OPEN_KEY = { openKey: 1 } as const;
/** The moderators' list, the oldest first. */
const BY_STATUS = { status: 1, _id: 1 } as const;
schema.index(BY_OPEN_KEY, { unique: true, sparse: true });
schema.index(BY_STATUS);

type StoredReport = Partial<ReportDocument> &
  Pick<ReportDocument, '_id' | 'reporterId' | 'userId' | 'reason' | 'status' | 'createdAt'>;

function toRecord({ _id, conversationId, seq, openKey: _key, ...doc }: StoredReport): ReportRecord {
  return {
    ...doc,
    _id: _id.toHexString(),
    reporterId: doc.reporterId as UserId,
    userId: doc.userId as UserId,
    message:
      conversationId === undefined || seq === undefined
        ? undefined
        : { conversationId: conversationIdOf(conversationId), seq },
  };
}

const openKeyOf = ({ reporterId, userId, message }: NewReport): string =>
  JSON.stringify([reporterId, ...(message === undefined ? [userId] : [message.conversationId, message.seq])]);

export function createReportModel(connection: mongoose.Connection) {
  const model = connection.model('Report', schema);
  const collection = connection.collection<Omit<ReportDocument, '_id'>>('reports');

  return {
    model,

    /** Opens a report, unless the same is open already. @returns its id; undefined if it was resolved that moment. */
    async open(report: NewReport, now: Date): Promise<string | undefined> {
      const openKey = openKeyOf(report);
      const { message, comment, ...what } = report;
      try {
        const { insertedId } = await collection.insertOne(
          {
            ...what,
            ...(message !== undefined && {
              conversationId: objectId(message.conversationId),
              seq: message.seq,
            }),
            ...(comment !== undefined && { comment }),
            ...{ status: 'open', openKey, createdAt: now },
          },
          { writeConcern: COMMITTED },
        );
        return insertedId.toHexString();
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const found = await model.findOne({ openKey }, { _id: 1 }).hint(BY_OPEN_KEY).read('primary').lean();
        return found?._id.toHexString();
      }
    },

    /** The oldest first, behind one. */
    async findPage(status: Status, limit: number, afterId?: string): Promise<ReportRecord[]> {
      const found = await model
        .find({ status, ...(afterId !== undefined && { _id: op({ $gt: objectId(afterId) }) }) })
        .sort({ _id: 1 })
        .limit(limit)
        .hint(BY_STATUS)
        .lean();
      return found.map(toRecord);
    },

    /** Closes a report; one that is closed stays as it is. @returns whether there is such a report. */
    async resolve(
      id: string,
      { by, resolution, at }: { by: UserId; resolution: string; at: Date },
    ): Promise<boolean> {
      const closed = await model.updateOne(
        { _id: objectId(id), status: 'open' },
        {
          $set: { status: 'resolved', resolution, resolvedBy: by, resolvedAt: at },
          $unset: { openKey: 1 },
        },
        { writeConcern: COMMITTED },
      );
      return closed.modifiedCount === 1 || (await model.exists({ _id: objectId(id) })) !== null;
    },
  };
}

export type ReportModel = ReturnType<typeof createReportModel>;
