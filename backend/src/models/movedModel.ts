import mongoose from 'mongoose';
import type { ConversationId, MessageId } from '../../../contract/index.js';
import { groupBy } from '../utils/groupBy.js';
import { conversationIdOf, messageIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';

/**
 * New location of a document of a sealed (merged or split) conversation. Clients that hold the old `seq` or id are
 * redirected by it.
 *
 * `{ _id: old id, conversationId: old, into: new, seq: 3, toSeq: 12, newId: ObjectId, was: {…} }`
 *
 * Invariants: `_id` is the id of the old document. `was` holds only the fields that differ from the new document, and
 * never a text.
 */
export interface MovedDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  into: ObjectId;
  /** Messages only: old and new `seq`. */
  seq?: number;
  toSeq?: number;
  /** Changes only: old and new `rev`. */
  rev?: number;
  toRev?: number;
  /** Id of the new document. */
  newId: ObjectId;
  was: Record<string, unknown>;
  /** Fields that the old document did not have. */
  lacked: string[];
  /** Other documents: their collection; `was` then holds the whole document. */
  side?: string;
}

const { Mixed, ObjectId: objectIdType } = mongoose.Schema.Types;
const schema = new mongoose.Schema<MovedDocument>(
  {
    conversationId: { type: objectIdType, required: true },
    into: { type: objectIdType, required: true },
    seq: Number,
    toSeq: Number,
    rev: Number,
    toRev: Number,
    newId: objectIdType,
    was: Mixed,
    lacked: { type: [String], default: undefined },
    side: String,
  },
  { collection: 'moved', versionKey: false },
);
/** Queries: the new `seq` of an old one; the progress of copying a log. */
const BY_SEQ = { conversationId: 1, seq: 1 } as const;
/** Queries: the new `rev` of an old one; the progress of copying a change log. */
const BY_REV = { conversationId: 1, rev: 1 } as const;
/** Queries: the progress of the new log; everything that was moved into it. */
const BY_TARGET = { into: 1, toSeq: 1 } as const;
/** Query: the progress of the new change log. */
const BY_TARGET_REV = { into: 1, toRev: 1 } as const;
schema.index(BY_SEQ);
schema.index(BY_REV);
schema.index(BY_TARGET);
schema.index(BY_TARGET_REV);

export function createMovedModel(connection: mongoose.Connection) {
  const model = connection.model('Moved', schema);
  return {
    model,

    /** Returns the new `seq` of a message; with `floor`, that of the last moved message up to it. */
    async findSeq(
      conversationId: ConversationId,
      seq: number,
      { floor, within }: { floor: boolean; within: ConversationId | undefined },
    ): Promise<number | undefined> {
      const found = await model
        .findOne(
          {
            conversationId,
            seq: floor ? op({ $lte: seq, $gt: 0 }) : seq,
            ...(within !== undefined && { into: within }),
          },
          { toSeq: 1 },
        )
        .sort({ seq: -1 })
        .hint(BY_SEQ)
        .read('primary')
        .lean();
      return found?.toSeq;
    },

    /**
     * Returns the `rev` in the new change log after which all changes follow that came after the old `rev`; 0 for none.
     */
    async findRev(conversationId: ConversationId, rev: number): Promise<number> {
      const found = await model
        .findOne({ conversationId, rev: op({ $lte: rev, $gt: 0 }) }, { toRev: 1 })
        .sort({ rev: -1 })
        .hint(BY_REV)
        .read('primary')
        .lean();
      return found?.toRev ?? 0;
    },

    /**
     * Returns the old conversations and `seq`s of these messages; empty for conversations that were never merged or
     * split.
     */
    async findOrigins(
      conversationId: ConversationId,
      seqs: readonly number[],
    ): Promise<{ from: ConversationId; seqs: number[] }[]> {
      const found = await model
        .find({ into: conversationId, toSeq: op({ $in: [...seqs] }) }, { conversationId: 1, seq: 1 })
        .hint(BY_TARGET)
        .read('primary')
        .lean();
      const logs = groupBy(found, (row) => conversationIdOf(row.conversationId));
      return [...logs].map(([from, rows]) => ({ from, seqs: rows.flatMap(({ seq }) => seq ?? []) }));
    },

    async findNewId(id: MessageId): Promise<MessageId | undefined> {
      const found = await model.findById(objectId(id), { newId: 1 }).read('primary').lean();
      return found === null ? undefined : messageIdOf(found.newId);
    },
  };
}

export type MovedModel = ReturnType<typeof createMovedModel>;
