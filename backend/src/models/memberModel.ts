import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { isDuplicateKey, retryRaces } from './insertMany.js';
import {
  BY_ABSENCE,
  BY_LARGE,
  BY_CHANGE,
  BY_CONVERSATION,
  BY_RANK,
  BY_READ,
  RANK_LEFT,
  RANKS,
  schema,
  toRecord,
  type Absence,
  type MemberDocument,
  type MemberRecord,
} from './memberDocument.js';
import { toMemberUpdate, type MemberEvent } from './membershipUpdates.js';
import { objectId } from './objectIds.js';
import { op } from './operators.js';
import { readLimit } from './readLimits.js';
import { freezePositions, toPositionUpdates, type Position } from './positionUpdates.js';
import { COMMITTED } from './committed.js';

export type { MemberRecord } from './memberDocument.js';

export type { MemberEvent } from './membershipUpdates.js';

export type { Position, SharedPart } from './positionUpdates.js';

/**
 * Number of conversations above which one index range over all of a user's documents is cheaper than a lookup for each.
 */
const MAX_LOOKUPS = 200;

type Stored = Omit<MemberDocument, '_id'>;

const POSITION_FIELDS = {
  conversationId: 1,
  userId: 1,
  joinedSeq: 1,
  leftSeq: 1,
  lastReadSeq: 1,
  lastReadN: 1,
  lastDeliveredSeq: 1,
  clearedSeq: 1,
  clearedN: 1,
  privateReadSeq: 1,
  privateReadN: 1,
  privateDeliveredSeq: 1,
} as const;

export function createMemberModel(connection: mongoose.Connection) {
  const model = connection.model('Member', schema);
  const collection = connection.collection<Stored>('members');
  const find = (filter: mongoose.QueryFilter<MemberDocument>) => model.find(filter);

  return {
    model,

    /**
     * Advances positions in one bulk; positions behind the stored ones change nothing. Sorted, because overlapping
     * bulks could deadlock.
     */
    async advance(positions: readonly Position[]): Promise<void> {
      const sorted = positions.toSorted((a, b) =>
        a.conversationId + a.userId < b.conversationId + b.userId ? -1 : 1,
      );
      await freezePositions(collection, sorted);
      const updates = toPositionUpdates(sorted);
      // The first position of a member may come from two devices on two processes: one of the upserts is refused and
      // repeated.
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
    },

    /**
     * Applies membership events to members in one bulk. Documents that already reflect a later event are not changed.
     */
    async applyMembershipEvents(
      conversationId: ConversationId,
      events: readonly MemberEvent[],
      { isLarge }: { isLarge: boolean },
    ): Promise<void> {
      const updates = events
        .toSorted((a, b) => (a.userId < b.userId ? -1 : 1))
        .map((control) => toMemberUpdate(objectId(conversationId), control, isLarge));
      // An upsert on a document that reflects a later event does not match, and is refused as a duplicate: nothing is
      // left to do.
      await retryRaces(() =>
        collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }),
      ).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error;
      });
    },

    /** Records in the documents of all current members that the conversation is large, or in all documents that it is not. */
    async setLarge(conversationId: ConversationId, isLarge: boolean): Promise<void> {
      await collection.updateMany(
        { conversationId: objectId(conversationId), ...(isLarge && { rank: { $lt: RANK_LEFT } }) },
        {
          ...(isLarge ? { $set: { apart: true } } : { $unset: { apart: 1 } }),
          $currentDate: { changedAt: true },
        },
        { hint: BY_CONVERSATION },
      );
    },

    /** Returns the current members of these conversations. */
    async findCurrent(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({ conversationId: op({ $in: conversationIds }), rank: op({ $lt: RANK_LEFT }) })
        .hint(BY_RANK)
        .read('primary')
        .lean();
      return found.map(toRecord);
    },

    /** Returns the owners and admins of these conversations. */
    async findOwnersAndAdmins(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
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

    /** Returns the documents of these users in a conversation. */
    async findByUsers(conversationId: ConversationId, userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ conversationId, userId: op({ $in: userIds }) })
        .hint(BY_CONVERSATION)
        .read('primary')
        .lean();
      return found.map(toRecord);
    },

    /** Returns members with absences that overlap this range; also former ones, whom an older membership still names. */
    async findAbsent(
      conversationId: ConversationId,
      { fromSeq, toSeq }: Absence,
    ): Promise<{ userId: UserId; absences: readonly Absence[] }[]> {
      const between = op({
        $exists: true,
        $elemMatch: { fromSeq: { $lte: toSeq }, toSeq: { $gte: fromSeq } },
      });
      const found = await find({ conversationId, absences: between }).hint(BY_ABSENCE).read('primary').lean();
      return found.map(({ userId, absences = [] }) => ({ userId: userId as UserId, absences }));
    },

    /** Returns which of these users are members of which of these groups and have sent a message there. */
    async findWriters(
      conversationIds: readonly ConversationId[],
      userIds: readonly UserId[],
    ): Promise<{ conversationId: ConversationId; userId: UserId }[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({
        conversationId: op({ $in: conversationIds }),
        userId: op({ $in: userIds }),
        rank: op({ $lt: RANK_LEFT }),
        lastSentSeq: op({ $gt: 0 }),
      })
        .hint(BY_CONVERSATION)
        .lean();
      return found.map(toRecord);
    },

    /** Returns a page of current members by rank, then in the order of joining. */
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
        rank: op({ $gte: after?.rank ?? 0, $lt: RANK_LEFT }),
        ...range,
      })
        .sort({ rank: 1, joinedSeq: 1, userId: 1 })
        .limit(limit)
        .hint(BY_RANK)
        .lean();
      return found.map(toRecord);
    },

    /** Returns the memberships of these users in large groups and channels. */
    async findLarge(userIds: readonly UserId[]): Promise<MemberRecord[]> {
      const found = await find({ userId: op({ $in: userIds }), apart: true, rank: op({ $lt: RANK_LEFT }) })
        .hint(BY_LARGE)
        .lean();
      return found.map(toRecord);
    },

    /** Returns the number of large groups and channels per user; users without any are not included. */
    async countLarge(userIds: readonly UserId[]): Promise<Map<UserId, number>> {
      const found = await collection
        .aggregate<{ _id: UserId; count: number }>(
          [
            { $match: { userId: { $in: [...userIds] }, apart: true, rank: { $lt: RANK_LEFT } } },
            { $group: { _id: '$userId', count: { $sum: 1 } } },
          ],
          { hint: BY_LARGE, readPreference: 'primary', ...readLimit() },
        )
        .toArray();
      return new Map(found.map(({ _id, count }) => [_id, count]));
    },

    /** Returns the documents of all members, current and former, in these conversations. */
    async findByConversations(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await find({ conversationId: op({ $in: conversationIds }) })
        .hint(BY_CONVERSATION)
        .lean();
      return found.map(toRecord);
    },

    /** Like `findByConversations`, with the position fields only: for conversations with many members. */
    async findPositions(conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found = await collection
        .find(
          { conversationId: { $in: conversationIds.map(objectId) } },
          { projection: POSITION_FIELDS, hint: BY_CONVERSATION, readPreference: 'primary', ...readLimit() },
        )
        .toArray();
      return found.map(toRecord);
    },

    /** Counts the current members who joined before a message and have read it, without `exceptIds`. */
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
          rank: { $lt: RANK_LEFT },
          userId: { $nin: [...exceptIds] },
        },
        { hint: BY_READ, readPreference: 'primary', ...readLimit() },
      );
    },

    /**
     * Returns a user's documents in these conversations. For many conversations it reads all documents of the user,
     * which is cheaper.
     */
    async findByUser(userId: UserId, conversationIds: readonly ConversationId[]): Promise<MemberRecord[]> {
      if (conversationIds.length === 0) return [];
      const found =
        conversationIds.length > MAX_LOOKUPS
          ? await find({ userId }).hint(BY_CHANGE).lean()
          : await find({ conversationId: op({ $in: conversationIds }), userId })
              .hint(BY_CONVERSATION)
              .lean();
      return found.map(toRecord);
    },

    /** Returns a user's documents in the order of their changes after a position: one index range. */
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
