import mongoose from 'mongoose';
import type { ConversationId, MessageId } from '../../../contract/index.js';
import { messageIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';

/**
 * Where something of a sealed conversation went: whoever holds its old place or id is led to the new one. `_id` is that
 * of the old document. Of what it was only what differs is kept (`was`), and never a text.
 */
export interface MovedDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  into: ObjectId;
  /** Of a message: its old place and its new one. */
  seq?: number;
  toSeq?: number;
  /** Of a change of a message, the same in the other log. */
  rev?: number;
  toRev?: number;
  /** The new document. */
  newId: ObjectId;
  was: Record<string, unknown>;
  /** Fields that the old document did not have. */
  lacked: string[];
  /** Of anything else: in which collection it was; `was` is then all of it. */
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
/** Where a place of an old log is now, and how far the copying of a log has come. */
const BY_SEQ = { conversationId: 1, seq: 1 } as const;
const BY_REV = { conversationId: 1, rev: 1 } as const;
/** How far a new log is accounted for; everything that has gone into it. */
const BY_TARGET = { into: 1, toSeq: 1 } as const;
const BY_TARGET_REV = { into: 1, toRev: 1 } as const;
schema.index(BY_SEQ);
schema.index(BY_REV);
schema.index(BY_TARGET);
schema.index(BY_TARGET_REV);

export function createMovedModel(connection: mongoose.Connection) {
  const model = connection.model('Moved', schema);
  return {
    model,

    /** The new place of a message; with `floor` that of the last one up to there. */
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

    /** The place in the new change log behind which everything lies that lay behind this one; 0 for none. */
    async findRev(conversationId: ConversationId, rev: number): Promise<number> {
      const found = await model
        .findOne({ conversationId, rev: op({ $lte: rev, $gt: 0 }) }, { toRev: 1 })
        .sort({ rev: -1 })
        .hint(BY_REV)
        .read('primary')
        .lean();
      return found?.toRev ?? 0;
    },

    async findMessage(id: MessageId): Promise<MessageId | undefined> {
      const found = await model.findById(objectId(id), { newId: 1 }).read('primary').lean();
      return found === null ? undefined : messageIdOf(found.newId);
    },
  };
}

export type MovedModel = ReturnType<typeof createMovedModel>;
