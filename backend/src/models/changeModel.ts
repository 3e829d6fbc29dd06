import mongoose from 'mongoose';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import { insertEach, type InsertResult } from './insertMany.js';
import { conversationIdOf, messageIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/** What a change does. Of a deleted message the texts are taken out of its edits (`dropTexts`). */
export type What =
  /** `was`: the text that the message was sent with, with its first edit. */
  | { kind: 'edit'; what: { content?: string; was?: string } }
  | { kind: 'delete'; what: Record<string, never> }
  | { kind: 'reaction'; what: { emoji: string; on: boolean } }
  | { kind: 'pin'; what: { on: boolean } };

/**
 * What happened to messages after they were sent: a second log of each conversation. `rev` is 1, 2, 3 … without a gap,
 * and every entry changed something when it was written: what changes nothing gets no place.
 */
interface ChangeDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  rev: number;
  kind: What['kind'];
  /** The message concerned. */
  seq: number;
  by: string;
  at: Date;
  what: What['what'];
}

export type ChangeRecord = What & {
  /** Hex, made when it was asked for: ids of a process are ordered by time. */
  _id: MessageId;
  conversationId: ConversationId;
  rev: number;
  seq: number;
  by: UserId;
  at: Date;
};

const schema = new mongoose.Schema<ChangeDocument>(
  {
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    rev: { type: Number, required: true },
    kind: { type: String, required: true },
    seq: { type: Number, required: true },
    by: { type: String, required: true },
    at: { type: Date, required: true },
    what: mongoose.Schema.Types.Mixed,
  },
  { collection: 'changes', versionKey: false, minimize: false },
);
/** Pages of changes, the tail, and the one referee between two processes that want the same place. */
const BY_REV = { conversationId: 1, rev: 1 } as const;
/** The texts that a message has had. */
const BY_EDITED = { conversationId: 1, seq: 1, rev: 1 } as const;
schema.index(BY_REV, { unique: true });
schema.index(BY_EDITED, { partialFilterExpression: { kind: 'edit' } });

const toRecord = ({ _id, conversationId, rev, seq, by, at, kind, what }: ChangeDocument): ChangeRecord =>
  ({
    ...{ _id: messageIdOf(_id), conversationId: conversationIdOf(conversationId), rev, seq, at },
    ...{ by: by as UserId, kind, what },
  }) as ChangeRecord;

export function createChangeModel(connection: mongoose.Connection) {
  const model = connection.model('Change', schema);
  const collection = connection.collection<ChangeDocument>('changes');
  return {
    model,

    /**
     * Stores changes of one conversation in their order; the first that fails ends it.
     *
     * @returns per change whether it was stored, met a unique index, failed, or was not tried.
     * @throws whatever leaves the outcome unknown.
     */
    insert(records: readonly ChangeRecord[]): Promise<InsertResult[]> {
      const documents = records.map((record) => ({
        ...record,
        _id: objectId(record._id),
        conversationId: objectId(record.conversationId),
      }));
      return insertEach(documents.length, true, () =>
        collection.insertMany(documents, { ordered: true, writeConcern: COMMITTED }),
      );
    },

    /** The first `limit` changes behind a place, in their order, as the primary has them. */
    async findAfter(
      conversationId: ConversationId,
      afterRev: number,
      limit: number,
    ): Promise<ChangeRecord[]> {
      const found = await model
        .find({ conversationId, rev: op({ $gt: afterRev }) })
        .sort({ rev: 1 })
        .limit(limit)
        .hint(BY_REV)
        .read('primary')
        .lean<ChangeDocument[]>();
      return found.map(toRecord);
    },

    /** The end of the log. @param fromRev a place that is known to be taken, 0 for none. */
    async findTail(conversationId: ConversationId, fromRev: number): Promise<number> {
      const tail = await model
        .findOne({ conversationId, rev: op({ $gte: fromRev }) }, { rev: 1 })
        .sort({ rev: -1 })
        .hint(BY_REV)
        .read('primary')
        .lean();
      return tail?.rev ?? 0;
    },

    async findByIds(ids: readonly MessageId[]): Promise<ChangeRecord[]> {
      if (ids.length === 0) return [];
      const found = await model
        .find({ _id: op({ $in: ids }) })
        .read('primary')
        .lean<ChangeDocument[]>();
      return found.map(toRecord);
    },

    /** The first `limit` edits of a message. */
    async findEdits(conversationId: ConversationId, seq: number, limit: number): Promise<ChangeRecord[]> {
      const found = await model
        .find({ conversationId, seq, kind: 'edit' })
        .sort({ rev: 1 })
        .limit(limit)
        .hint(BY_EDITED)
        .lean<ChangeDocument[]>();
      return found.map(toRecord);
    },

    /** Takes the texts out of the edits of deleted messages: that there were edits stays. */
    async dropTexts(conversationId: ConversationId, seqs: readonly number[]): Promise<void> {
      await collection.updateMany(
        { conversationId: objectId(conversationId), seq: { $in: [...seqs] }, kind: 'edit' },
        { $unset: { 'what.content': 1, 'what.was': 1 } },
        { hint: BY_EDITED, writeConcern: COMMITTED },
      );
    },

    /** The newest change of every conversation among those whose id is `fromId` or later. */
    async findRevsSince(fromId: string): Promise<Map<ConversationId, number>> {
      const revs = new Map<ConversationId, number>();
      const cursor = model
        .find({ _id: op({ $gte: fromId }) }, { conversationId: 1, rev: 1 })
        .sort({ _id: 1 })
        .lean()
        .cursor({ batchSize: 2_000 });
      for await (const { conversationId, rev } of cursor) {
        const id = conversationIdOf(conversationId);
        revs.set(id, Math.max(rev, revs.get(id) ?? 0));
      }
      return revs;
    },
  };
}

export type ChangeModel = ReturnType<typeof createChangeModel>;
