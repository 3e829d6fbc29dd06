import mongoose from 'mongoose';
import type { ConversationId, ReportDecision, ReportView, UserId } from '../../../contract/index.js';
import { isDuplicateKey } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

type Reason = ReportView['reason'];
type Status = ReportView['status'];

/**
 * A report to the moderators about a user, or about a message of a user.
 *
 * `{ reporterId: 'alice', userId: 'bob', conversationId, seq: 7, reason: 'spam', status: 'open', openKey: '…',
 * createdAt: Date }`
 *
 * Invariants: at most one open report per reporter and subject. The message is not copied: moderators read it from the
 * log, so that no copy of a deleted message remains.
 */
interface ReportDocument {
  _id: ObjectId;
  reporterId: string;
  /** The reported user; for a message, its sender. */
  userId: string;
  conversationId?: ObjectId;
  seq?: number;
  reason: Reason;
  comment?: string;
  status: Status;
  /** Reporter and subject; only set while the report is open. */
  openKey?: string;
  decision?: ReportDecision;
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

/** The end of a report. */
export interface ReportClosing {
  by: UserId;
  decision?: ReportDecision | undefined;
  resolution?: string | undefined;
  at: Date;
}

export interface ReportRecord extends Omit<
  ReportDocument,
  '_id' | 'reporterId' | 'userId' | 'resolvedBy' | 'conversationId' | 'seq' | 'openKey'
> {
  _id: string;
  reporterId: UserId;
  userId: UserId;
  resolvedBy: UserId | undefined;
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
    decision: String,
    resolution: String,
    resolvedBy: String,
    resolvedAt: Date,
    createdAt: Date,
  },
  { collection: 'reports', versionKey: false },
);
/** Uniqueness: one open report per reporter and subject. */
const BY_OPEN_KEY = { openKey: 1 } as const;
/** Query: the moderators' list, oldest first. */
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
    resolvedBy: doc.resolvedBy as UserId | undefined,
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

    /** Opens a report, unless it is already open. Returns its id; undefined when it was resolved at the same moment. */
    async open(report: NewReport, now: Date): Promise<string | undefined> {
      const openKey = openKeyOf(report);
      const { message, comment, ...fields } = report;
      try {
        const { insertedId } = await collection.insertOne(
          {
            ...fields,
            ...(message !== undefined && {
              conversationId: objectId(message.conversationId),
              seq: message.seq,
            }),
            ...(comment !== undefined && { comment }),
            status: 'open',
            openKey,
            createdAt: now,
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

    /** Returns a page of reports, oldest first, after `afterId`. */
    async findPage(status: Status, limit: number, afterId?: string): Promise<ReportRecord[]> {
      const found = await model
        .find({ status, ...(afterId !== undefined && { _id: op({ $gt: objectId(afterId) }) }) })
        .sort({ _id: 1 })
        .limit(limit)
        .hint(BY_STATUS)
        .lean();
      return found.map(toRecord);
    },

    /** Returns the ids of these reports that are open. */
    async findOpen(ids: readonly string[]): Promise<Set<string>> {
      if (ids.length === 0) return new Set();
      const found = await model
        .find({ _id: op({ $in: ids.map(objectId) }), status: 'open' }, { _id: 1 })
        .read('primary')
        .lean();
      return new Set(found.map(({ _id }) => _id.toHexString()));
    },

    async findById(id: string): Promise<ReportRecord | undefined> {
      const found = await model.findById(objectId(id)).read('primary').lean();
      return found === null ? undefined : toRecord(found);
    },

    /** Closes an open report; a closed one is not changed. */
    async close(id: string, { by, decision, resolution, at }: ReportClosing): Promise<void> {
      await model.updateOne(
        { _id: objectId(id), status: 'open' },
        {
          $set: {
            status: 'resolved',
            ...(decision !== undefined && { decision }),
            ...(resolution !== undefined && { resolution }),
            resolvedBy: by,
            resolvedAt: at,
          },
          $unset: { openKey: 1 },
        },
        { writeConcern: COMMITTED },
      );
    },
  };
}

export type ReportModel = ReturnType<typeof createReportModel>;
