import type mongoose from 'mongoose';
import type { ConversationId, Role, UserId } from '../../../contract/index.js';
import { isDuplicateKey, retryRaces } from './insertMany.js';
import {
  BY_APART,
  BY_CHANGE,
  BY_CONVERSATION,
  BY_RANK,
  BY_READ,
  GONE,
  RANKS,
  schema,
  toRecord,
  type MemberDocument,
  type MemberRecord,
} from './memberDocument.js';
import { objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

export type { MemberRecord } from './memberDocument.js';

export interface Position {
  conversationId: ConversationId;
  userId: UserId;
  readSeq: number;
  /** How many counted messages there are up to `readSeq`. */
  readN: number;
  deliveredSeq: number;
}

/** Beyond this many conversations, one range over all of a user's positions is cheaper than a lookup for each. */
const MAX_LOOKUPS = 200;

/** What a control entry means for one member. */
export interface MemberControl {
  userId: UserId;
  /** The entry's place. */
  seq: number;
  role?: Role;
  /** There when the entry lets them in: how many counted messages there were up to it. */
  joinedN?: number;
  gone?: boolean;
}

type Stored = Omit<MemberDocument, '_id'>;

const REACH = {
  ...{ conversationId: 1, userId: 1, joinedSeq: 1, leftSeq: 1 },
  ...{ lastReadSeq: 1, lastReadN: 1, lastDeliveredSeq: 1, clearedSeq: 1, clearedN: 1 },
} as const;

/** Who leaves has it on no list any more. */
const OFF_THE_LIST = { pinnedAt: 1, archivedAt: 1, archivedN: 1, markedUnread: 1 } as const;

function toControlUpdate(
  conversationId: ObjectId,
  { userId, seq, role, joinedN, gone = false }: MemberControl,
  isApart: boolean,
): mongoose.mongo.AnyBulkWriteOperation<Stored> {
  const joins = joinedN !== undefined;
  return {
    updateOne: {
      filter: {
        conversationId,
        userId,
        $or: [{ controlSeq: { $lt: seq } }, { controlSeq: { $exists: false } }],
      },
      update: {
        $set: {
          controlSeq: seq,
          ...(role !== undefined && { role, rank: RANKS[role] }),
          ...(joins && { joinedSeq: seq, ...(isApart && { apart: true }) }),
          ...(gone && { rank: GONE, leftSeq: seq }),
        },
        ...((joins || gone) && {
          $unset: {
            ...(joins && { leftSeq: 1 as const }),
            ...((gone || !isApart) && { apart: 1 as const }),
            ...(gone && OFF_THE_LIST),
          },
        }),
        // Who joins has nothing unread of what was said before.
        $max: {
          lastReadSeq: joins ? seq - 1 : 0,
          lastReadN: joinedN ?? 0,
          lastDeliveredSeq: joins ? seq - 1 : 0,
        },
        $currentDate: { changedAt: true as const },
      },
      upsert: true,
    },
  };
}

export function createMemberModel(connection: mongoose.Connection) {
  const model = connection.model('Member', schema);
  const collection = connection.collection<Stored>('members');
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
      const moves = sorted.map(({ conversationId, userId, readSeq, readN, deliveredSeq }) => ({
        updateOne: {
          filter: { conversationId: objectId(conversationId), userId },
          update: {
            $max: {
              lastReadSeq: readSeq,
              lastReadN: readN,
              lastDeliveredSeq: Math.max(readSeq, deliveredSeq),
            },
            $currentDate: { changedAt: true as const },
          },
          upsert: true,
        },
      }));
      // The first position of a member may come from two devices on two processes: one of the upserts is refused.
      await retryRaces(() => collection.bulkWrite(moves, { ordered: false, writeConcern: COMMITTED }));
    },

    /**
     * What control entries mean for members, all in one round trip; who has seen a later entry is left as they are.
     */
    async applyControls(
      conversationId: ConversationId,
      controls: readonly MemberControl[],
      { isApart }: { isApart: boolean },
    ): Promise<void> {
      const updates = controls
        .toSorted((a, b) => (a.userId < b.userId ? -1 : 1))
        .map((control) => toControlUpdate(objectId(conversationId), control, isApart));
      // An upsert that meets a document which has seen a later entry is refused as a duplicate: nothing is left to do.
      await retryRaces(() =>
        collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }),
      ).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error;
      });
    },

    /** Says in every member's document whether the conversation keeps a list of its members. */
    async setApart(conversationId: ConversationId, isApart: boolean): Promise<void> {
      await collection.updateMany(
        { conversationId: objectId(conversationId) },
        {
          ...(isApart ? { $set: { apart: true } } : { $unset: { apart: 1 } }),
          $currentDate: { changedAt: true },
        },
        { hint: BY_CONVERSATION },
      );
    },

    /** The members of these conversations, without those who left. */
    async findCurrent(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({ conversationId: op({ $in: conversationIds }), rank: op({ $lt: GONE }) })
        .hint(BY_RANK)
        .read('primary')
        .lean();
      return found.map(toRecord);
    },

    /** Owners and admins of these conversations. */
    async findStaff(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({
        conversationId: op({ $in: conversationIds }),
        rank: op({ $lte: RANKS.admin }),
      })
        .hint(BY_RANK)
        .read('primary')
        .lean();
      return found.map(toRecord);
    },

    /** The documents of these users in a conversation. */
    async findPairs(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ conversationId, userId: op({ $in: userIds }) })
        .hint(BY_CONVERSATION)
        .read('primary')
        .lean();
      return found.map(toRecord);
    },

    /** A page of members: by rank, then in the order of joining. */
    async findPage(
      conversationId: ConversationId,
      limit: number,
      after?: { rank: number; joinedSeq: number; userId: string },
    ): Promise<MemberRecord[]> {
      const range =
        after === undefined
          ? {}
          : {
              $or: [
                { rank: op({ $gt: after.rank }) },
                { rank: after.rank, joinedSeq: op({ $gt: after.joinedSeq }) },
                { rank: after.rank, joinedSeq: after.joinedSeq, userId: op({ $gt: after.userId }) },
              ],
            };
      const found = await find({
        conversationId,
        rank: op({ $gte: after?.rank ?? 0, $lt: GONE }),
        ...range,
      })
        .sort({ rank: 1, joinedSeq: 1, userId: 1 })
        .limit(limit)
        .hint(BY_RANK)
        .lean();
      return found.map(toRecord);
    },

    /** A user's large groups and channels. */
    async findApart(userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ userId: op({ $in: userIds }), apart: true, rank: op({ $lt: GONE }) })
        .hint(BY_APART)
        .lean();
      return found.map(toRecord);
    },

    /** Everybody's positions in these conversations. */
    async findOf(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({ conversationId: op({ $in: conversationIds }) })
        .hint(BY_CONVERSATION)
        .lean();
      return found.map(toRecord);
    },

    /** How far everybody in these conversations has come, and nothing else of them: for those with many members. */
    async findReach(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await collection
        .find(
          { conversationId: { $in: conversationIds.map(objectId) } },
          { projection: REACH, hint: BY_CONVERSATION, readPreference: 'primary' },
        )
        .toArray();
      return found.map(toRecord);
    },

    /** How many members who had joined by a message have read it, without some of them. */
    async countReaders(
      conversationId: ConversationId,
      seq: number,
      exceptIds: readonly UserId[],
    ): Promise<number> {
      return collection.countDocuments(
        {
          conversationId: objectId(conversationId),
          lastReadSeq: { $gte: seq },
          joinedSeq: { $lte: seq },
          userId: { $nin: [...exceptIds] },
        },
        { hint: BY_READ, readPreference: 'primary' },
      );
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
