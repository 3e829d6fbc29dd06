import { randomBytes } from 'node:crypto';
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

/** Parts of a second that an id tells apart. */
const FRACTIONS = 0x10000;

/**
 * Returns a function that makes ids in the order of time, over all processes. The driver's are in the order of seconds, and
 * within a second in that of processes: the page of the log would not be newest first. Seconds, fraction of the second, random
 * bytes of the process, counter.
 */
function createIdsInTimeOrder(): () => string {
  const ofProcess = randomBytes(3).toString('hex');
  let counter = 0;
  return () => {
    const nowMs = Date.now();
    counter = (counter + 1) % 0x1000000;
    const seconds = Math.floor(nowMs / 1_000);
    const fraction = Math.floor(((nowMs % 1_000) / 1_000) * FRACTIONS);
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
    return `${hex(seconds, 8)}${hex(fraction, 4)}${ofProcess}${hex(counter, 6)}`;
  };
}

export function createAuditModel(connection: mongoose.Connection) {
  const model = connection.model('Audit', schema);
  const collection = connection.collection<AuditDocument>('audit');
  const newId = createIdsInTimeOrder();

  return {
    model,

    newId,

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
        .read('primary')
        .lean();
      return found.map(({ _id, ...record }) => ({ ...record, _id: _id.toHexString() }));
    },
  };
}

export type AuditModel = ReturnType<typeof createAuditModel>;
