import mongoose from 'mongoose';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import { COMMITTED } from './committed.js';
import { insertMissing } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { readLimit } from './readLimits.js';

/**
 * Push notifications that wait: a repetition for one device after a failure, or the members of a large conversation.
 *
 * `{ _id: 'retry:<conversation>:<device>', kind: 'retry', conversationId, messageId: '65a…', seq: 7, userId: 'alice',
 * deviceId: '…', attempts: 2, dueAt: Date, expiresAt: Date }`
 *
 * `{ _id: 'large:<conversation>', kind: 'large', conversationId, messageId, seq, afterUserId: 'bob', dueAt, expiresAt }`
 *
 * Invariants: one job per device and conversation, and at most one per large conversation that has not begun: a newer
 * message replaces the older one, as its notification would on the device.
 */
interface PushJobDocument {
  _id: string;
  kind: 'retry' | 'large';
  conversationId: ObjectId;
  messageId: string;
  seq: number;
  /** Retries only. */
  userId?: string;
  deviceId?: string;
  attempts?: number;
  /** Large conversations only: members up to this one are done. */
  afterUserId?: string;
  dueAt: Date;
  /** The notification is too old from then on. */
  expiresAt: Date;
}

interface JobBase {
  _id: string;
  conversationId: ConversationId;
  messageId: MessageId;
  seq: number;
  dueAt: Date;
  expiresAt: Date;
}
export interface RetryJob extends JobBase {
  kind: 'retry';
  userId: UserId;
  deviceId: string;
  attempts: number;
}
export interface LargeJob extends JobBase {
  kind: 'large';
  afterUserId?: UserId;
}
export type PushJob = RetryJob | LargeJob;

const schema = new mongoose.Schema<PushJobDocument>(
  {
    _id: { type: String, required: true },
    kind: { type: String, required: true },
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    messageId: { type: String, required: true },
    seq: { type: Number, required: true },
    userId: String,
    deviceId: String,
    attempts: Number,
    afterUserId: String,
    dueAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'push_jobs', versionKey: false },
);
/** Query: jobs of a kind that are due, the longest waiting first. */
const BY_DUE = { kind: 1, dueAt: 1 } as const;
schema.index(BY_DUE);

const toDocument = (job: PushJob): PushJobDocument => ({
  ...job,
  conversationId: objectId(job.conversationId),
});

function toJob(doc: PushJobDocument): PushJob {
  const { _id, dueAt, expiresAt, seq } = doc;
  const base = {
    _id,
    dueAt,
    expiresAt,
    seq,
    conversationId: conversationIdOf(doc.conversationId),
    messageId: doc.messageId as MessageId,
  };
  if (doc.kind === 'large') {
    return {
      ...base,
      kind: 'large',
      ...(doc.afterUserId !== undefined && { afterUserId: doc.afterUserId as UserId }),
    };
  }
  const { userId = '', deviceId = '', attempts = 0 } = doc;
  return { ...base, kind: 'retry', userId: userId as UserId, deviceId, attempts };
}

export const retryJobId = (conversationId: ConversationId, deviceId: string): string =>
  `retry:${conversationId}:${deviceId}`;

export function createPushJobModel(connection: mongoose.Connection) {
  const model = connection.model('PushJob', schema);
  const collection = connection.collection<PushJobDocument>('push_jobs');

  /** Adds one job, or lets the one that waits tell of the newer message. */
  async function addLarge(job: LargeJob): Promise<void> {
    const { _id, seq, messageId } = job;
    const { matchedCount } = await collection.updateOne(
      { _id, seq: { $lt: seq }, afterUserId: { $exists: false } },
      { $set: { seq, messageId, expiresAt: job.expiresAt } },
      { writeConcern: COMMITTED },
    );
    if (matchedCount > 0) return;
    const isNew = await insertMissing(() =>
      collection.insertOne(toDocument(job), { writeConcern: COMMITTED }),
    );
    if (isNew) return;
    // One that has begun is finished first. The members whom it has passed are told by the next one.
    await insertMissing(() =>
      collection.insertOne(toDocument({ ...job, _id: `${_id}:${seq}` }), { writeConcern: COMMITTED }),
    );
  }

  return {
    model,

    /** Stores jobs; a retry replaces the one of the same device and conversation. */
    async add(jobs: readonly PushJob[]): Promise<void> {
      const retries = jobs.filter((job) => job.kind === 'retry').toSorted((a, b) => (a._id < b._id ? -1 : 1));
      if (retries.length > 0) {
        await collection.bulkWrite(
          retries.map((job) => {
            const { _id, ...fields } = toDocument(job);
            return { replaceOne: { filter: { _id }, replacement: fields, upsert: true } };
          }),
          { ordered: false, writeConcern: COMMITTED },
        );
      }
      await Promise.all(jobs.filter((job) => job.kind === 'large').map(addLarge));
    },

    /** Returns jobs of a kind that are due, the longest waiting first. */
    async findDue<Kind extends PushJob['kind']>(
      kind: Kind,
      now: Date,
      limit: number,
    ): Promise<Extract<PushJob, { kind: Kind }>[]> {
      const found = await collection
        .find(
          { kind, dueAt: { $lte: now } },
          { sort: { dueAt: 1 }, limit, hint: BY_DUE, readPreference: 'primary', ...readLimit() },
        )
        .toArray();
      return found.map(toJob).filter((job): job is Extract<PushJob, { kind: Kind }> => job.kind === kind);
    },

    /** Returns how many jobs wait, due or not. */
    count: (): Promise<number> =>
      collection.countDocuments({ kind: { $in: ['retry', 'large'] } }, { hint: BY_DUE }),

    /** Notes how far the members of a large conversation are done. */
    async advance(_id: string, afterUserId: UserId): Promise<void> {
      await collection.updateOne({ _id }, { $set: { afterUserId } }, { writeConcern: COMMITTED });
    },

    async remove(ids: readonly string[]): Promise<void> {
      if (ids.length === 0) return;
      await collection.deleteMany({ _id: { $in: [...ids] } }, { writeConcern: COMMITTED });
    },
  };
}

export type PushJobModel = ReturnType<typeof createPushJobModel>;
