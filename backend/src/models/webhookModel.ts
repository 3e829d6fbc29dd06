import mongoose from 'mongoose';
import type { WebhookEventName } from '../../../contract/index.js';
import type { ChangeMarks } from './changeMarks.js';
import { COMMITTED } from './committed.js';
import { op } from './operators.js';

/** A collection that webhooks follow in the order of its ids. */
export type FollowedLog = 'conversations' | 'messages' | 'changes' | 'reports';

/** Progress in one log: everything with a smaller id was read. */
export interface LogProgress {
  /** Hex ObjectId. */
  id: string;
  /** Number of entries read per minute (of their ids, since 1970), for the last minutes. Finds entries that came late. */
  counts: Record<string, number>;
}

export interface WebhookCursor {
  /** Ids before this one are never read: the beginning, or that of a replay. */
  startId: string;
  logs: Record<FollowedLog, LogProgress>;
  /** Blocks changed before this database time were read. */
  blocksAt: Date;
}

/**
 * A URL of the app's backend that receives events.
 *
 * `{ _id: '9f2c41d07ab3', url: 'https://…', events: ['message.created'], secrets: [{ text: 'whsec_…' }], status: 'on',
 * generation: 0, cursor: { … }, owner: { id: 'uuid', until: Date } }`
 *
 * Invariants: at most one process delivers at a time, the owner; only it moves the cursor, and only within one generation.
 * Everything before the cursor was delivered, or is covered by a document in `webhook_retries`.
 */
interface WebhookDocument {
  _id: string;
  url: string;
  events: WebhookEventName[];
  /** The newest first. Deliveries carry a signature of each that has not expired. Stored readable, because they sign. */
  secrets: { text: string; expiresAt?: Date }[];
  status: 'on' | 'operator' | 'gone' | 'failing';
  /** Increased by a replay: the owner begins anew with the stored cursor. */
  generation: number;
  cursor: WebhookCursor;
  /** Process that delivers, until a database time. */
  owner?: { id: string; until: Date };
  createdAt: Date;
  lastSuccessAt?: Date;
  lastError?: string;
  lastErrorAt?: Date;
}

export type WebhookRecord = WebhookDocument;

const { Mixed } = mongoose.Schema.Types;
const schema = new mongoose.Schema<WebhookDocument>(
  {
    _id: { type: String, required: true },
    url: { type: String, required: true },
    events: { type: [String], required: true },
    secrets: [{ _id: false, text: String, expiresAt: Date }],
    status: { type: String, required: true },
    generation: { type: Number, required: true },
    cursor: Mixed,
    owner: Mixed,
    createdAt: { type: Date, required: true },
    lastSuccessAt: Date,
    lastError: String,
    lastErrorAt: Date,
  },
  { collection: 'webhooks', versionKey: false, minimize: false },
);

/** A claim of a process on a webhook. */
export interface Claim {
  _id: string;
  owner: string;
  generation: number;
}

export type WebhookOutcome = Partial<Pick<WebhookRecord, 'lastSuccessAt' | 'lastError' | 'lastErrorAt'>>;

/** There are few webhooks, so all of them are read at once. */
export function createWebhookModel(connection: mongoose.Connection, marks: ChangeMarks) {
  const model = connection.model('Webhook', schema);
  const ofOwner = ({ _id, owner, generation }: Claim) => ({
    _id,
    generation,
    status: 'on' as const,
    'owner.id': owner,
  });
  return {
    model,

    async insert(webhook: WebhookRecord): Promise<void> {
      const { _id, ...fields } = webhook;
      await model.updateOne({ _id }, { $setOnInsert: fields }, { upsert: true, writeConcern: COMMITTED });
      await marks.note('webhooks');
    },

    /** Returns all webhooks, the oldest first. */
    async findAll(): Promise<WebhookRecord[]> {
      const found = await model.find().read('primary').lean<WebhookRecord[]>();
      return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
    },

    async findById(id: string): Promise<WebhookRecord | undefined> {
      return (await model.findById(id).read('primary').lean<WebhookRecord>()) ?? undefined;
    },

    /** Returns the webhook after the change; undefined when there is none. */
    async update(
      id: string,
      fields: Partial<Pick<WebhookRecord, 'events' | 'secrets' | 'status'>>,
    ): Promise<WebhookRecord | undefined> {
      const found = await model
        .findOneAndUpdate({ _id: id }, { $set: fields }, { returnDocument: 'after', writeConcern: COMMITTED })
        .lean<WebhookRecord>();
      await marks.note('webhooks');
      return found ?? undefined;
    },

    /** Delivers from another position on. The owner of the earlier generation can store nothing any more. */
    async moveCursor(id: string, cursor: WebhookCursor): Promise<WebhookRecord | undefined> {
      const found = await model
        .findOneAndUpdate(
          { _id: id },
          { $set: { cursor }, $inc: { generation: 1 }, $unset: { owner: 1 } },
          { returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean<WebhookRecord>();
      await marks.note('webhooks');
      return found ?? undefined;
    },

    async remove(id: string): Promise<void> {
      await model.deleteOne({ _id: id }, { writeConcern: COMMITTED });
      await marks.note('webhooks');
    },

    /** Makes a process the owner, unless another one is. @param now database time. */
    async claim(
      id: string,
      owner: { id: string; until: Date },
      now: Date,
    ): Promise<WebhookRecord | undefined> {
      const free = [
        { owner: op({ $exists: false }) },
        { 'owner.until': op({ $lt: now }) },
        { 'owner.id': owner.id },
      ];
      const found = await model
        .findOneAndUpdate(
          { _id: id, status: 'on', $or: free },
          { $set: { owner } },
          { returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean<WebhookRecord>();
      return found ?? undefined;
    },

    /** Prolongs a claim. Returns the webhook; undefined when the claim is lost, or the webhook switched off or moved. */
    async renew(claim: Claim, until: Date, outcome: WebhookOutcome): Promise<WebhookRecord | undefined> {
      const found = await model
        .findOneAndUpdate(
          ofOwner(claim),
          { $set: { 'owner.until': until, ...outcome } },
          { returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean<WebhookRecord>();
      return found ?? undefined;
    },

    /** Stores the cursor. Returns false when the claim is lost. */
    async saveCursor(claim: Claim, cursor: WebhookCursor): Promise<boolean> {
      const { matchedCount } = await model.updateOne(
        ofOwner(claim),
        { $set: { cursor } },
        { writeConcern: COMMITTED },
      );
      return matchedCount === 1;
    },

    /** Gives a claim back, so that another process takes over at once. */
    async release({ _id, owner }: Claim, outcome: WebhookOutcome): Promise<void> {
      await model.updateOne({ _id, 'owner.id': owner }, { $unset: { owner: 1 }, $set: outcome });
      await marks.note('webhooks');
    },

    /** Switches a webhook off that its owner cannot deliver to. */
    async switchOff(claim: Claim, status: 'gone' | 'failing', outcome: WebhookOutcome): Promise<void> {
      await model.updateOne(
        ofOwner(claim),
        { $set: { status, ...outcome }, $unset: { owner: 1 } },
        { writeConcern: COMMITTED },
      );
      await marks.note('webhooks');
    },
  };
}

export type WebhookModel = ReturnType<typeof createWebhookModel>;
