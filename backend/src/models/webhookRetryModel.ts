import mongoose from 'mongoose';
import type { ConversationId } from '../../../contract/index.js';
import { COMMITTED } from './committed.js';
import { op } from './operators.js';

/** Events that are delivered in order: all of one conversation, a report, or a block. Names, never contents. */
export type WebhookSubject =
  | {
      kind: 'conversation';
      conversationId: ConversationId;
      /** True while `conversation.created` is to be delivered first. */
      isNew?: boolean;
      /** Last entry of the log and last change that were delivered; undefined when none is due. */
      seq?: number;
      rev?: number;
    }
  | { kind: 'report'; reportId: string }
  | { kind: 'block'; userId: string; blockedUserId: string; at: Date };

/**
 * Events of a webhook that could not be delivered, and everything after them with the same subject.
 *
 * `{ _id: '9f2c41d07ab3 65f0…', webhookId: '9f2c41d07ab3', subject: { … }, attempts: 3, nextAt: Date, firstFailedAt: Date,
 * error: 'status 500' }`
 */
interface WebhookRetryDocument {
  /** Webhook and key of the subject. */
  _id: string;
  webhookId: string;
  subject: WebhookSubject;
  attempts: number;
  nextAt: Date;
  firstFailedAt: Date;
  error: string;
}

export type WebhookRetryRecord = WebhookRetryDocument;

const schema = new mongoose.Schema<WebhookRetryDocument>(
  {
    _id: { type: String, required: true },
    webhookId: { type: String, required: true },
    subject: mongoose.Schema.Types.Mixed,
    attempts: Number,
    nextAt: Date,
    firstFailedAt: Date,
    error: String,
  },
  { collection: 'webhook_retries', versionKey: false },
);
/** Queries: the retries of a webhook, the longest failing first. */
const BY_WEBHOOK = { webhookId: 1, firstFailedAt: 1 } as const;
schema.index(BY_WEBHOOK);

export function createWebhookRetryModel(connection: mongoose.Connection) {
  const model = connection.model('WebhookRetry', schema);
  return {
    model,

    async put({ _id, ...fields }: WebhookRetryRecord): Promise<void> {
      await model.replaceOne({ _id }, fields, { upsert: true, writeConcern: COMMITTED });
    },

    async remove(id: string): Promise<void> {
      await model.deleteOne({ _id: id }, { writeConcern: COMMITTED });
    },

    async removeAll(webhookId: string): Promise<void> {
      await model.deleteMany({ webhookId }, { hint: BY_WEBHOOK, writeConcern: COMMITTED });
    },

    /** Lets all retries of a webhook begin anew, as if they had failed for the first time now. */
    async restart(webhookId: string, now: Date): Promise<void> {
      await model.updateMany(
        { webhookId },
        { $set: { nextAt: now, firstFailedAt: now, attempts: 0 } },
        { hint: BY_WEBHOOK, writeConcern: COMMITTED },
      );
    },

    /** Returns the retries of a webhook, the longest failing first. */
    findByWebhook: (webhookId: string, limit: number): Promise<WebhookRetryRecord[]> =>
      model
        .find({ webhookId })
        .sort({ firstFailedAt: 1 })
        .limit(limit)
        .hint(BY_WEBHOOK)
        .read('primary')
        .lean<WebhookRetryRecord[]>(),

    /** Returns how many retries each of these webhooks has, and since when the oldest fails. */
    async summarize(webhookIds: readonly string[]): Promise<Map<string, { count: number; since: Date }>> {
      const groups = await model.aggregate<{ _id: string; count: number; since: Date }>([
        { $match: { webhookId: op({ $in: [...webhookIds] }) } },
        { $group: { _id: '$webhookId', count: { $sum: 1 }, since: { $min: '$firstFailedAt' } } },
      ]);
      return new Map(groups.map(({ _id, count, since }) => [_id, { count, since }]));
    },
  };
}

export type WebhookRetryModel = ReturnType<typeof createWebhookRetryModel>;
