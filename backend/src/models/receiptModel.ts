import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

export type ReceiptKind = 'read' | 'delivered';

/**
 * A receipt: one advance of one member, with the range of messages that it covers.
 *
 * `{ conversationId, userId: 'bob', kind: 'read', fromSeq: 3, toSeq: 7, fork: 4, at: Date }`
 *
 * Invariants: a receipt is written before the member's position in `members`, which is authoritative. A range beyond
 * the position was left by a writer that died; it is written again with the next report. Ranges may therefore overlap,
 * and for a message the earliest receipt counts. Large groups and channels have no receipts.
 */
interface ReceiptDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  userId: string;
  kind: ReceiptKind;
  fromSeq: number;
  toSeq: number;
  /** Fork node of the range in the interval tree (see `forkOf`), by which ranges are found. */
  fork: number;
  /** Database time. */
  at: Date;
  /**
   * Groups only: members with a block between them and this member at that time. The receipt is never shown to them.
   */
  hiddenFrom?: string[];
}

export interface Receipt {
  conversationId: ConversationId;
  userId: UserId;
  kind: ReceiptKind;
  fromSeq: number;
  toSeq: number;
  at: Date;
  hiddenFrom?: readonly UserId[];
}

/**
 * Returns the fork node of a range in a binary tree over all `seq`s: the highest node within the range, which is the
 * number that is divisible by the largest power of two (as in the relational interval tree). Ranges of one member do
 * not overlap, so a node has at most one range of each kind per member, and all ranges that contain a `seq` are on the
 * path from it to the root.
 */
export function forkOf(fromSeq: number, toSeq: number): number {
  let step = 1;
  while (Math.floor(toSeq / (2 * step)) * 2 * step >= fromSeq) step *= 2;
  return Math.floor(toSeq / step) * step;
}

/**
 * Returns the fork nodes of all ranges that contain `seq` and end at `lastSeq` or before: one per tree level, about
 * twenty.
 */
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
    hiddenFrom: { type: [String], default: undefined },
  },
  { collection: 'receipts', versionKey: false },
);
/** Query: the receipts of a message, by exact fork nodes, each with at most one range of each kind per member. */
const BY_FORK = { conversationId: 1, fork: 1 } as const;
schema.index(BY_FORK);

export function createReceiptModel(connection: mongoose.Connection) {
  const model = connection.model('Receipt', schema);
  const collection = connection.collection<Omit<ReceiptDocument, '_id'>>('receipts');
  return {
    model,

    /** Stores receipts in one bulk. @throws when it is unknown whether they are stored; safe to repeat. */
    async insert(receipts: readonly Receipt[]): Promise<void> {
      if (receipts.length === 0) return;
      await collection.insertMany(
        receipts.map(({ hiddenFrom = [], ...receipt }) => ({
          ...receipt,
          ...(hiddenFrom.length > 0 && { hiddenFrom: [...hiddenFrom] }),
          conversationId: objectId(receipt.conversationId),
          fork: forkOf(receipt.fromSeq, receipt.toSeq),
        })),
        { ordered: false, writeConcern: COMMITTED },
      );
    },

    /** Returns the receipts that cover a message. @param lastSeq upper bound of all stored ranges. */
    async findByMessage(
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
      return found.map(({ userId, kind, fromSeq, toSeq, at, hiddenFrom = [], ...doc }) => ({
        conversationId: conversationIdOf(doc.conversationId),
        userId: userId as UserId,
        kind,
        fromSeq,
        toSeq,
        at,
        hiddenFrom: hiddenFrom as UserId[],
      }));
    },
  };
}

export type ReceiptModel = ReturnType<typeof createReceiptModel>;
