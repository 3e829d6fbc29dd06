import mongoose from 'mongoose';
import { op } from './operators.js';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { retryRaces } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';

/**
 * A person's own state in a conversation, made with the first position they report; until then both are 0.
 * Positions only move forward. Reading implies delivery.
 */
interface MemberDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  userId: string;
  lastReadSeq: number;
  lastDeliveredSeq: number;
  /** Database time of the last move: the order of `sync`. */
  changedAt: Date;
}

export interface MemberRecord extends Omit<MemberDocument, '_id' | 'conversationId' | 'userId'> {
  conversationId: ConversationId;
  userId: UserId;
}

export interface Position {
  conversationId: ConversationId;
  userId: UserId;
  readSeq: number;
  deliveredSeq: number;
}

const schema = new mongoose.Schema<MemberDocument>(
  {
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    userId: { type: String, required: true },
    lastReadSeq: { type: Number, required: true },
    lastDeliveredSeq: { type: Number, required: true },
    changedAt: Date,
  },
  { collection: 'members', versionKey: false },
);
/** The members of a page of conversations, and one's own place in one. */
const BY_CONVERSATION = { conversationId: 1, userId: 1 } as const;
/** What a user did on another device since a time; all of a user's positions. */
const BY_CHANGE = { userId: 1, changedAt: 1, conversationId: 1 } as const;
schema.index(BY_CONVERSATION, { unique: true });
schema.index(BY_CHANGE);

/** Beyond this many conversations, one range over all of a user's positions is cheaper than a lookup for each. */
const MAX_LOOKUPS = 200;

const toRecord = (doc: MemberDocument): MemberRecord => ({
  conversationId: conversationIdOf(doc.conversationId),
  userId: doc.userId as UserId,
  lastReadSeq: doc.lastReadSeq,
  lastDeliveredSeq: doc.lastDeliveredSeq,
  changedAt: doc.changedAt,
});

export function createMemberModel(connection: mongoose.Connection) {
  const model = connection.model('Member', schema);
  const collection = connection.collection<Omit<MemberDocument, '_id'>>('members');
  const find = (filter: mongoose.QueryFilter<MemberDocument>) => model.find(filter);

  return {
    model,

    /**
     * Moves positions forward, all in one round trip; one that is behind what is stored changes nothing of it.
     * Sorted, as overlapping bulks could deadlock.
     */
    async advance(positions: readonly Position[]): Promise<void> {
      const sorted = positions.toSorted((a, b) =>
        a.conversationId + a.userId < b.conversationId + b.userId ? -1 : 1,
      );
      const moves = sorted.map(({ conversationId, userId, readSeq, deliveredSeq }) => ({
        updateOne: {
          filter: { conversationId: objectId(conversationId), userId },
          update: {
            $max: { lastReadSeq: readSeq, lastDeliveredSeq: Math.max(readSeq, deliveredSeq) },
            $currentDate: { changedAt: true as const },
          },
          upsert: true,
        },
      }));
      // The first position of a member may come from two devices on two processes: one of the upserts is refused.
      await retryRaces(() =>
        collection.bulkWrite(moves, { ordered: false, writeConcern: { w: 'majority', journal: true } }),
      );
    },

    /** Everybody's positions in these conversations. */
    async findOf(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({ conversationId: op({ $in: conversationIds }) })
        .hint(BY_CONVERSATION)
        .lean();
      return found.map(toRecord);
    },

    /** One user's positions in these conversations; for many of them, all that the user has is the shorter way. */
    async findOwn(userId: UserId, conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found =
        conversationIds.length > MAX_LOOKUPS
          ? await find({ userId }).hint(BY_CHANGE).lean()
          : await find({ conversationId: op({ $in: conversationIds }), userId })
              .hint(BY_CONVERSATION)
              .lean();
      return found.map(toRecord);
    },

    /** A user's own positions in the order of their moves, after a position: one index range. */
    async findChanged(
      userId: UserId,
      limit: number,
      after: { changedAt: Date; conversationId: string },
    ): Promise<MemberRecord[]> {
      const found = await find({
        userId,
        changedAt: op({ $gte: after.changedAt }),
        $or: [
          { changedAt: op({ $gt: after.changedAt }) },
          { conversationId: op({ $gt: after.conversationId }) },
        ],
      })
        .sort({ changedAt: 1, conversationId: 1 })
        .limit(limit)
        .hint(BY_CHANGE)
        .lean();
      return found.map(toRecord);
    },
  };
}

export type MemberModel = ReturnType<typeof createMemberModel>;
