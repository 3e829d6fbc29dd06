import mongoose from 'mongoose';
import type { AttachmentId, ConversationId, MessageId } from '../../../contract/index.js';
import type { ArchiveModel } from './archiveModel.js';
import { insertEach, type InsertResult } from './insertMany.js';
import {
  BY_CLIENT_ID,
  BY_CONTROL,
  BY_FILE,
  BY_SEQ,
  FACTS,
  TRACE,
  schema,
  toDocument,
  toFacts,
  toTrace,
  type EntryFacts,
  type MessageRecord,
  type MessageTrace,
  type Tail,
} from './messageDocument.js';
import { createMessageSenderModel } from './messageSenderModel.js';
import { type MessageDocument } from './messageShape.js';
import { objectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';
import { readLimit } from './readLimits.js';

export type { EntryFacts, MessageRecord, MessageTrace, Tail } from './messageDocument.js';

export interface MessageModelOptions {
  /** Read preference for pages of old history; everything else is read from the primary. */
  historyFrom?: 'primary' | 'secondaryPreferred';
}

/** Time limit for a page read from a replica, in ms. */
const REPLICA_QUERY_MS = 10_000;
/** A replica, where there is one that is at most 90 s behind (the driver allows no less). */
const RECENT_REPLICA = new mongoose.mongo.ReadPreference('secondaryPreferred', undefined, {
  maxStalenessSeconds: 90,
});

/** Copies of a message in merged and split conversations that are looked at. */
const MAX_COPIES = 20;
/** Ranges of one command. */
const MAX_UNION = 100;

export function createMessageModel(
  connection: mongoose.Connection,
  { complete, findMessageIdsByFile }: Pick<ArchiveModel, 'complete' | 'findMessageIdsByFile'>,
  { historyFrom = 'primary' }: MessageModelOptions = {},
) {
  const model = connection.model('Message', schema);
  const collection = connection.collection<MessageDocument>('messages');
  const findArchivedByFile = async (id: AttachmentId): Promise<MessageRecord[]> => {
    const ids = await findMessageIdsByFile(id, MAX_COPIES);
    if (ids.length === 0) return [];
    const found = await model
      .find({ _id: op({ $in: ids }) })
      .read('primary')
      .lean();
    return complete(found);
  };
  return {
    model,
    ...createMessageSenderModel(connection, { complete }),

    /**
     * Stores messages in one bulk. Unordered: each message is independent of the others. Ordered: the first failure
     * ends the batch, so that a refused message never leaves a gap.
     *
     * Returns for each message whether it was stored, hit a unique index, failed, or was not tried.
     * @throws when the outcome of the whole batch is unknown (connection lost, time-out …).
     */
    insert(records: readonly MessageRecord[], options: { ordered: boolean }): Promise<InsertResult[]> {
      const documents = records.map(toDocument);
      return insertEach(documents.length, options.ordered, () =>
        collection.insertMany(documents, { ordered: options.ordered, writeConcern: COMMITTED }),
      );
    },

    /**
     * Returns the position of the newest entry, read from the primary; undefined for an empty log.
     *
     * @param fromSeq a `seq` known to exist, 0 for none. It bounds the index range, because not every server can scan
     * an index backwards.
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

    /** Like `findTail`, with the entries before it: the newest `limit` at or after `fromSeq`, newest first. */
    async findTailTraces(
      conversationId: ConversationId,
      fromSeq: number,
      limit: number,
    ): Promise<MessageTrace[]> {
      const found = await model
        .find({ conversationId, seq: op({ $gte: fromSeq }) }, TRACE)
        .sort({ seq: -1 })
        .limit(limit)
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return found.map(toTrace);
    },

    /** Returns the messages of a conversation that have one of these senders and one of these client ids. */
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

    /** Returns the messages from `fromSeq` to `toSeq`, oldest first, read from the primary: one bounded index range. */
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
     * Like `findRange`, for a range that ends below a `seq` known to exist. The whole range is stored, so a replica may
     * be read: a gap shows that it lags, and then the primary is read.
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
          { sort: { seq: 1 }, hint: BY_SEQ, readPreference: RECENT_REPLICA, ...readLimit(REPLICA_QUERY_MS) },
        )
        .toArray();
      const isComplete =
        found.length === Math.max(0, toSeq - fromSeq + 1) &&
        found.every(({ seq }, index) => seq === fromSeq + index);
      return isComplete ? complete(found) : this.findRange(conversationId, fromSeq, toSeq);
    },

    /**
     * Returns the newest `limit` messages at or after `fromSeq`, oldest first.
     *
     * @param fromSeq a `seq` known to exist.
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

    /** Returns the membership events of a conversation after a `seq`, oldest first, from the primary. */
    async findMembershipEvents(conversationId: ConversationId, afterSeq: number): Promise<MessageRecord[]> {
      const found = await model
        .find({ conversationId, controlSeq: op({ $gt: afterSeq }) })
        .sort({ controlSeq: 1 })
        .hint(BY_CONTROL)
        .read('primary')
        .lean();
      return complete(found);
    },

    /** Returns the number of counted messages up to each of these `seq`s. */
    async findCounts(conversationId: ConversationId, seqs: readonly number[]): Promise<Map<number, number>> {
      if (seqs.length === 0) return new Map();
      const found = await model
        .find({ conversationId, seq: op({ $in: [...seqs] }) }, { seq: 1, n: 1 })
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return new Map(found.map(({ seq, n }) => [seq, n]));
    },

    /** Returns the messages that have an uploaded file: one, and after a merge also its copies. */
    async findByFile(id: AttachmentId): Promise<MessageRecord[]> {
      // Not by Mongoose, which drops filters on fields that its schema does not name.
      const found = await collection
        .find(
          { 'attachments.attachmentId': id },
          { limit: MAX_COPIES, hint: BY_FILE, readPreference: 'primary', ...readLimit() },
        )
        .toArray();
      return found.length > 0 ? complete(found) : findArchivedByFile(id);
    },

    /** Returns the entry with this id; undefined when it is not in this conversation. */
    async findEntry(conversationId: ConversationId, messageId: MessageId): Promise<EntryFacts | undefined> {
      const found = await model.findOne({ _id: messageId, conversationId }, FACTS).lean();
      return found === null ? undefined : toFacts(found);
    },

    /**
     * Returns, for each of these positions, the last `count` entries up to it. One command per hundred positions: a union and not
     * `$or`, so that every database bounds each range in the index.
     */
    async factsUpTo(
      positions: readonly Pick<EntryFacts, 'conversationId' | 'seq'>[],
      count: number,
    ): Promise<EntryFacts[]> {
      const ranges = positions.map(({ conversationId, seq }) => [
        { $match: { conversationId: objectId(conversationId), seq: { $gt: seq - count, $lte: seq } } },
        { $project: FACTS },
      ]);
      const found: EntryFacts[] = [];
      for (let from = 0; from < ranges.length; from += MAX_UNION) {
        const [first = [], ...others] = ranges.slice(from, from + MAX_UNION);
        const unions = others.map((pipeline) => ({ $unionWith: { coll: 'messages', pipeline } }));
        const entries = collection.aggregate<Parameters<typeof toFacts>[0]>([...first, ...unions], {
          readPreference: 'primary',
        });
        for await (const entry of entries) found.push(toFacts(entry));
      }
      return found;
    },

    /**
     * Iterates over all messages whose id is `fromId` or later, in the order of ids, without loading them all at once.
     */
    async *traceSince(fromId: string): AsyncGenerator<MessageTrace> {
      const cursor = model
        .find({ _id: op({ $gte: fromId }) }, TRACE)
        .sort({ _id: 1 })
        .lean()
        .cursor({ batchSize: 2_000 });
      for await (const doc of cursor) yield toTrace(doc);
    },
  };
}

export type MessageModel = ReturnType<typeof createMessageModel>;
