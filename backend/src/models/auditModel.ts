import mongoose from 'mongoose';
import type { AuditEntryView } from '../../../contract/index.js';
import { COMMITTED } from './committed.js';
import { objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';

type Facts = Pick<AuditEntryView, 'actor' | 'action' | 'from' | 'targets' | 'outcome'>;

/**
 * An act of the app's backend, a moderator or an operator.
 *
 * `{ actor: { kind: 'key', id: '9f2c41d07ab3', name: 'backend' }, action: 'banUser', from: '10.0.0.7', targets: { userIds:
 * ['mallory'] }, outcome: 'OK', at: Date }`
 *
 * Invariants: append-only. It is stored before the act, and afterwards gets its `outcome` once. It holds ids, never text.
 */
interface AuditDocument extends Facts {
  _id: ObjectId;
  at: Date;
}

/** An act as it is begun. */
export interface AuditRecord extends Facts {
  _id: string;
  at: Date;
}

export interface Outcome {
  _id: string;
  outcome: string;
  /** Ids that the act has created. */
  created: Pick<AuditEntryView['targets'], 'conversationId' | 'seq'>;
}

/** Id after all others. */
const AFTER_ALL = 'f'.repeat(24);

const { Mixed } = mongoose.Schema.Types;
const schema = new mongoose.Schema<AuditDocument>(
  { actor: Mixed, action: String, from: String, targets: Mixed, outcome: String, at: Date },
  { collection: 'audit', versionKey: false, minimize: false },
);

export function createAuditModel(connection: mongoose.Connection) {
  const model = connection.model('Audit', schema);
  const collection = connection.collection<AuditDocument>('audit');

  return {
    model,

    newId: (): string => new mongoose.Types.ObjectId().toHexString(),

    /** Appends acts that are about to begin. */
    async append(records: readonly AuditRecord[]): Promise<void> {
      await collection.insertMany(
        records.map(({ _id, ...record }) => ({ ...record, _id: objectId(_id) })),
        { ordered: false, writeConcern: COMMITTED },
      );
    },

    /** Adds the outcomes of acts. An outcome that is set stays. */
    async close(outcomes: readonly Outcome[]): Promise<void> {
      await collection.bulkWrite(
        outcomes.map(({ _id, outcome, created }) => ({
          updateOne: {
            filter: { _id: objectId(_id), outcome: { $exists: false } },
            update: {
              $set: {
                outcome,
                ...Object.fromEntries(
                  Object.entries(created).map(([name, value]) => [`targets.${name}`, value]),
                ),
              },
            },
          },
        })),
        { ordered: false, writeConcern: COMMITTED },
      );
    },

    /** Returns a page, newest first, of acts before `beforeId`. */
    async findPage(limit: number, beforeId = AFTER_ALL): Promise<AuditRecord[]> {
      const found = await model
        .find({ _id: op({ $lt: objectId(beforeId) }) })
        .sort({ _id: -1 })
        .limit(limit)
        .hint({ _id: 1 })
        .read('primary')
        .lean();
      return found.map(({ _id, ...record }) => ({ ...record, _id: _id.toHexString() }));
    },
  };
}

export type AuditModel = ReturnType<typeof createAuditModel>;
