import mongoose from 'mongoose';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import { insertEach, type InsertResult } from './insertMany.js';
import { conversationIdOf, messageIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/** Kind and content of a change. When a message is deleted, `dropTexts` removes texts and emojis from its changes. */
export type ChangeContent =
  /** `was` is the original text of the message, stored with its first edit. */
  | { kind: 'edit'; what: { content?: string; was?: string } }
  | { kind: 'delete'; what: Record<string, never> }
  | { kind: 'reaction'; what: { emoji?: string; on: boolean } }
  | { kind: 'pin'; what: { on: boolean } };

/**
 * A change of a message after it was sent: the second log of a conversation.
 *
 * `{ conversationId, rev: 7, kind: 'edit', seq: 3, by: 'alice', at: Date, what: { content: '…' } }`
 *
 * Invariants: per conversation, `rev` is 1, 2, 3 … without gaps. Only changes that have an effect when they are written
 * are stored.
 */
interface ChangeDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  rev: number;
  kind: ChangeContent['kind'];
  /** The message concerned. */
  seq: number;
  by: string;
  at: Date;
  what: ChangeContent['what'];
  /**
   * Made under a moderator's restriction: only its author sees the effect. Recorded with the change, so that every
   * process and every later reader decides alike.
   */
  shadow?: boolean;
  /** Shadow changes only: start time of the restriction under which the change was made. */
  restrictedAt?: Date;
  /** Edits only: found by the moderation hook, which let the text pass. */
  flag?: { reason?: string };
}

export type ChangeRecord = ChangeContent & {
  /** Hex ObjectId, generated when the change was requested: ids of one process are ordered by time. */
  _id: MessageId;
  conversationId: ConversationId;
  rev: number;
  seq: number;
  by: UserId;
  at: Date;
  shadow?: boolean;
  restrictedAt?: Date;
  flag?: { reason?: string };
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
    shadow: Boolean,
    restrictedAt: Date,
    flag: mongoose.Schema.Types.Mixed,
  },
  { collection: 'changes', versionKey: false, minimize: false },
);
/** Queries: pages of changes, and the tail. Uniqueness decides between two processes that write the same `rev`. */
const BY_REV = { conversationId: 1, rev: 1 } as const;
/** Queries: the edits of a message; the texts and emojis to remove when it is deleted. */
const BY_MESSAGE = { conversationId: 1, seq: 1, kind: 1, rev: 1 } as const;
/** Query: shadow changes of a restricted user, newest first. */
const BY_SHADOW = { conversationId: 1, by: 1, rev: 1 } as const;
schema.index(BY_REV, { unique: true });
schema.index(BY_MESSAGE);
schema.index(BY_SHADOW, { partialFilterExpression: { shadow: true } });

const toRecord = ({ _id, conversationId, ...doc }: ChangeDocument): ChangeRecord =>
  ({
    _id: messageIdOf(_id),
    conversationId: conversationIdOf(conversationId),
    rev: doc.rev,
    seq: doc.seq,
    at: doc.at,
    by: doc.by as UserId,
    kind: doc.kind,
    what: doc.what,
    ...(doc.shadow === true && { shadow: true }),
    ...(doc.flag !== undefined && { flag: doc.flag }),
    ...(doc.restrictedAt !== undefined && { restrictedAt: doc.restrictedAt }),
  }) as ChangeRecord;

export function createChangeModel(connection: mongoose.Connection) {
  const model = connection.model('Change', schema);
  const collection = connection.collection<ChangeDocument>('changes');
  return {
    model,

    /**
     * Stores changes of one conversation in order; the first failure ends the batch.
     *
     * Returns for each change whether it was stored, hit a unique index, failed, or was not tried. @throws when the
     * outcome is unknown.
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

    /** Returns the first `limit` changes after `afterRev`, in order, read from the primary. */
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

    /**
     * Returns the highest `rev`; 0 for an empty log. @param fromRev a `rev` known to exist, 0 for none; it bounds the
     * index range.
     */
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

    /** Returns the first `limit` edits of a message. */
    async findEdits(conversationId: ConversationId, seq: number, limit: number): Promise<ChangeRecord[]> {
      const found = await model
        .find({ conversationId, seq, kind: 'edit' })
        .sort({ rev: 1 })
        .limit(limit)
        .hint(BY_MESSAGE)
        .lean<ChangeDocument[]>();
      return found.map(toRecord);
    },

    /** Returns the newest `limit` changes that a user made in these conversations under a restriction, oldest first. */
    async findShadow(
      conversationIds: readonly ConversationId[],
      { by, restrictedAt, limit }: { by: UserId; restrictedAt: Date; limit: number },
    ): Promise<ChangeRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await model
        .find({ conversationId: op({ $in: [...conversationIds] }), by, shadow: true, restrictedAt })
        .sort({ rev: -1 })
        .limit(limit)
        .hint(BY_SHADOW)
        .read('primary')
        .lean<ChangeDocument[]>();
      return found.map(toRecord).reverse();
    },

    /** Removes texts and emojis from the changes of deleted messages. The changes themselves remain. */
    async dropTexts(conversationId: ConversationId, seqs: readonly number[]): Promise<void> {
      await collection.updateMany(
        {
          conversationId: objectId(conversationId),
          seq: { $in: [...seqs] },
          kind: { $in: ['edit', 'reaction'] },
        },
        { $unset: { 'what.content': 1, 'what.was': 1, 'what.emoji': 1 } },
        { hint: BY_MESSAGE, writeConcern: COMMITTED },
      );
    },

    /** Returns the highest `rev` per conversation among the changes whose id is `fromId` or later. */
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
