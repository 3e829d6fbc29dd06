import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

export type ReceiptKind = 'read' | 'delivered';

/**
 * One advance of one member: these messages they read, or got, then. Written before their position in `members`, which
 * is the truth: a range beyond it is one whose writer died, and whoever repeats the report writes it again. So ranges
 * may overlap, and of those that hold a message the earliest says when. There are none of large groups and channels.
 */
interface ReceiptDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  userId: string;
  kind: ReceiptKind;
  fromSeq: number;
  toSeq: number;
  /** The place in the range that the most powers of two divide: what the range is found by (see `forkOf`). */
  fork: number;
  /** Database time. */
  at: Date;
}

export interface Receipt {
  conversationId: ConversationId;
  userId: UserId;
  kind: ReceiptKind;
  fromSeq: number;
  toSeq: number;
  at: Date;
}

/**
 * The node of the binary tree over all places at which a range hangs: the highest one inside it. Ranges of one member do
 * not overlap, so a node holds at most one range of each kind of theirs, and the ranges that hold a place hang on the
 * way from that place to the root.
 */
export function forkOf(fromSeq: number, toSeq: number): number {
  let step = 1;
  while (Math.floor(toSeq / (2 * step)) * 2 * step >= fromSeq) step *= 2;
  return Math.floor(toSeq / step) * step;
}

/** Every node at which a range can hang that holds `seq` and ends at `lastSeq` or before: one per level, about twenty. */
export function forksAbove(seq: number, lastSeq: number): number[] {
  const forks: number[] = [];
  let step = 1;
  while (seq % (2 * step) === 0) step *= 2;
  for (; step <= lastSeq; step *= 2) {
    const fork = Math.floor(seq / (2 * step)) * 2 * step + step;
    if (fork <= lastSeq) forks.push(fork);
  }
  return forks;
}

const schema = new mongoose.Schema<ReceiptDocument>(
  {
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    userId: { type: String, required: true },
    kind: { type: String, required: true },
    fromSeq: { type: Number, required: true },
    toSeq: { type: Number, required: true },
    fork: { type: Number, required: true },
    at: { type: Date, required: true },
  },
  { collection: 'receipts', versionKey: false },
);
/** Who read and got a message when: some exact points, each with at most one range of each kind per member. */
const BY_FORK = { conversationId: 1, fork: 1 } as const;
schema.index(BY_FORK);

export function createReceiptModel(connection: mongoose.Connection) {
  const model = connection.model('Receipt', schema);
  const collection = connection.collection<Omit<ReceiptDocument, '_id'>>('receipts');
  return {
    model,

    /** Stores advances, all in one round trip. @throws what leaves it unknown whether they are stored: do it again. */
    async insert(receipts: readonly Receipt[]): Promise<void> {
      if (receipts.length === 0) return;
      await collection.insertMany(
        receipts.map((receipt) => ({
          ...receipt,
          conversationId: objectId(receipt.conversationId),
          fork: forkOf(receipt.fromSeq, receipt.toSeq),
        })),
        { ordered: false, writeConcern: COMMITTED },
      );
    },

    /** The advances that passed a message. @param lastSeq a place that none of them goes beyond. */
    async findOf(
      conversationId: ConversationId,
      { seq, lastSeq }: { seq: number; lastSeq: number },
    ): Promise<Receipt[]> {
      const found = await model
        .find({
          conversationId,
          fork: op({ $in: forksAbove(seq, lastSeq) }),
          fromSeq: op({ $lte: seq }),
          toSeq: op({ $gte: seq }),
        })
        .hint(BY_FORK)
        .read('primary')
        .lean();
      return found.map(({ userId, kind, fromSeq, toSeq, at, ...doc }) => ({
        conversationId: conversationIdOf(doc.conversationId),
        ...{ userId: userId as UserId, kind, fromSeq, toSeq, at },
      }));
    },
  };
}

export type ReceiptModel = ReturnType<typeof createReceiptModel>;
