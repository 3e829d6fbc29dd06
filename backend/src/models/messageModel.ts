import mongoose from 'mongoose';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { insertEach, type InsertResult } from './insertMany.js';
import {
  BY_CLIENT_ID,
  BY_CONTROL,
  BY_SENDER,
  BY_SEQ,
  schema,
  toDocument,
  type MessageDocument,
  type MessageRecord,
  type MessageTrace,
  type Tail,
} from './messageDocument.js';
import { conversationIdOf, messageIdOf, objectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

export type { MessageRecord, MessageTrace, Tail } from './messageDocument.js';

export interface MessageModelOptions {
  /** Where pages of old history are read; everything else is read from the primary. */
  historyFrom?: 'primary' | 'secondaryPreferred';
}

/** A replica that takes longer than this for a page is given up, in ms. */
const REPLICA_QUERY_MS = 10_000;
/** A replica, where there is one that is at most 90 s behind (the driver allows no less). */
const ANY_RECENT = new mongoose.mongo.ReadPreference('secondaryPreferred', undefined, {
  maxStalenessSeconds: 90,
});

export function createMessageModel(
  connection: mongoose.Connection,
  { complete }: Pick<ArchiveModel, 'complete'>,
  { historyFrom = 'primary' }: MessageModelOptions = {},
) {
  const model = connection.model('Message', schema);
  const collection = connection.collection<MessageDocument>('messages');
  return {
    model,

    /**
     * Stores messages in one round trip. Unordered, each stands for itself; ordered, the first that fails ends it,
     * so that a refusal can never leave a hole behind it.
     *
     * @returns per message whether it was stored, met a unique index, failed, or was not tried.
     * @throws whatever leaves the outcome of the whole batch unknown (connection lost, time-out …).
     */
    insert(records: readonly MessageRecord[], options: { ordered: boolean }): Promise<InsertResult[]> {
      const documents = records.map(toDocument);
      return insertEach(documents.length, options.ordered, () =>
        collection.insertMany(documents, { ordered: options.ordered, writeConcern: COMMITTED }),
      );
    },

    /**
     * The end of the log as the primary has it now; undefined for an empty one.
     *
     * @param fromSeq a place that is known to be taken (0 for none): bounds the range, as not every server walks an
     * index backwards.
     */
    async findTail(conversationId: ConversationId, fromSeq: number): Promise<Tail | undefined> {
      const tail = await model
        .findOne({ conversationId, seq: op({ $gte: fromSeq }) }, { seq: 1, n: 1, control: 1 })
        .sort({ seq: -1 })
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return tail === null ? undefined : { seq: tail.seq, n: tail.n, control: tail.control };
    },

    /** Those of a conversation's messages that have one of these senders and one of these client ids. */
    async findByClientIds(
      conversationId: ConversationId,
      keys: readonly { senderId: string; clientMessageId: string }[],
    ): Promise<MessageRecord[]> {
      const found = await model
        .find({
          conversationId,
          senderId: op({ $in: [...new Set(keys.map((key) => key.senderId))] }),
          clientMessageId: op({ $in: keys.map((key) => key.clientMessageId) }),
        })
        .hint(BY_CLIENT_ID)
        .read('primary')
        .lean();
      return complete(found);
    },

    async findByIds(ids: readonly MessageId[]): Promise<MessageRecord[]> {
      if (ids.length === 0) return [];
      const found = await model
        .find({ _id: op({ $in: ids }) })
        .read('primary')
        .lean();
      return complete(found);
    },

    /** Messages `fromSeq` … `toSeq`, oldest first, as the primary has them: one bounded index range. */
    async findRange(
      conversationId: ConversationId,
      fromSeq: number,
      toSeq: number,
    ): Promise<MessageRecord[]> {
      const found = await model
        .find({ conversationId, seq: op({ $gte: fromSeq, $lte: toSeq }) })
        .sort({ seq: 1 })
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return complete(found);
    },

    /**
     * The same for a range that ends strictly below a place that is known to be taken. All of it is stored, so a
     * replica may be asked, and a hole shows that it is behind; then the primary is asked.
     */
    async findSettledRange(
      conversationId: ConversationId,
      fromSeq: number,
      toSeq: number,
    ): Promise<MessageRecord[]> {
      if (historyFrom === 'primary') return this.findRange(conversationId, fromSeq, toSeq);
      const found = await collection
        .find(
          { conversationId: objectId(conversationId), seq: { $gte: fromSeq, $lte: toSeq } },
          { sort: { seq: 1 }, hint: BY_SEQ, readPreference: ANY_RECENT, maxTimeMS: REPLICA_QUERY_MS },
        )
        .toArray();
      const isWhole =
        found.length === Math.max(0, toSeq - fromSeq + 1) &&
        found.every(({ seq }, place) => seq === fromSeq + place);
      return isWhole ? complete(found) : this.findRange(conversationId, fromSeq, toSeq);
    },

    /**
     * The last `limit` of the messages from a place on, oldest first; nothing behind the end escapes it.
     *
     * @param fromSeq a place that is known to be taken.
     */
    async findSince(
      conversationId: ConversationId,
      fromSeq: number,
      limit: number,
    ): Promise<MessageRecord[]> {
      const found = await model
        .find({ conversationId, seq: op({ $gte: fromSeq }) })
        .sort({ seq: -1 })
        .limit(limit)
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return complete(found.reverse());
    },

    /** The control entries of a conversation behind a place, oldest first, as the primary has them. */
    async findControls(conversationId: ConversationId, afterSeq: number): Promise<MessageRecord[]> {
      const found = await model
        .find({ conversationId, controlSeq: op({ $gt: afterSeq }) })
        .sort({ controlSeq: 1 })
        .hint(BY_CONTROL)
        .read('primary')
        .lean();
      return complete(found);
    },

    /** How many counted messages there are up to each of these places, by place. */
    async findCounts(conversationId: ConversationId, seqs: readonly number[]): Promise<Map<number, number>> {
      if (seqs.length === 0) return new Map();
      const found = await model
        .find({ conversationId, seq: op({ $in: [...seqs] }) }, { seq: 1, n: 1 })
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return new Map(found.map(({ seq, n }) => [seq, n]));
    },

    /**
     * How many counted messages of these senders there are behind a place, up to another: as dear as the range is long,
     * so for ranges that somebody has not read.
     */
    async countOf(
      conversationId: ConversationId,
      senderIds: readonly UserId[],
      { afterSeq, toSeq, exceptNs }: { afterSeq: number; toSeq: number; exceptNs: readonly number[] },
    ): Promise<number> {
      return collection.countDocuments(
        {
          conversationId: objectId(conversationId),
          seq: { $gt: afterSeq, $lte: toSeq },
          senderId: { $in: [...senderIds] },
          n: { $nin: [...exceptNs] },
          controlSeq: { $exists: false },
          shadow: { $exists: false },
        },
        { hint: BY_SEQ, readPreference: 'primary' },
      );
    },

    /**
     * What these users said between two places, oldest first, of each only who and when: as dear as the range is long,
     * which is bounded by its caller.
     */
    async findAnswers(
      conversationId: ConversationId,
      senderIds: readonly UserId[],
      { afterSeq, toSeq }: { afterSeq: number; toSeq: number },
    ): Promise<{ senderId: UserId; createdAt: Date }[]> {
      if (senderIds.length === 0) return [];
      const found = await model
        .find(
          {
            conversationId,
            seq: op({ $gt: afterSeq, $lte: toSeq }),
            senderId: op({ $in: [...senderIds] }),
            controlSeq: op({ $exists: false }),
            shadow: op({ $exists: false }),
          },
          { senderId: 1, createdAt: 1 },
        )
        .sort({ seq: 1 })
        .hint(BY_SEQ)
        .lean();
      return found.map(({ senderId, createdAt }) => ({ senderId: senderId as UserId, createdAt }));
    },

    /** The place of a message, if it is in this conversation. */
    async findSeq(conversationId: ConversationId, messageId: MessageId): Promise<number | undefined> {
      const found = await model.findOne({ _id: messageId, conversationId }, { seq: 1 }).lean();
      return found?.seq;
    },

    /** What a user wrote, newest first, older than `beforeId`. */
    async findBySender(
      senderId: UserId,
      options: { beforeId?: MessageId | undefined; limit: number },
    ): Promise<MessageRecord[]> {
      const found = await model
        .find({ senderId, ...(options.beforeId !== undefined && { _id: op({ $lt: options.beforeId }) }) })
        .sort({ _id: -1 })
        .limit(options.limit)
        .hint(BY_SENDER)
        .lean();
      return complete(found);
    },

    /** Every message whose id is `fromId` or later, in the order of ids, without loading them all at once. */
    async *traceSince(fromId: string): AsyncGenerator<MessageTrace> {
      const cursor = model
        .find(
          { _id: op({ $gte: fromId }) },
          { conversationId: 1, seq: 1, n: 1, control: 1, silent: 1, shadow: 1, senderId: 1, createdAt: 1 },
        )
        .sort({ _id: 1 })
        .lean()
        .cursor({ batchSize: 2_000 });
      for await (const doc of cursor) {
        yield {
          _id: messageIdOf(doc._id),
          conversationId: conversationIdOf(doc.conversationId),
          seq: doc.seq,
          n: doc.n,
          control: doc.control,
          ...(doc.silent === true && { silent: true }),
          ...(doc.shadow === true && { shadow: true }),
          senderId: doc.senderId as UserId,
          createdAt: doc.createdAt,
        };
      }
    },
  };
}

export type MessageModel = ReturnType<typeof createMessageModel>;
