import mongoose from 'mongoose';
import type { UserId } from '../../../contract/index.js';
import type { ChangeMarks } from './changeMarks.js';
import { retryRaces } from './insertMany.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/**
 * A block of one user by another.
 *
 * `{ blockerId: 'alice', blockedId: 'bob', at: Date, removed: true?, changedAt: Date }`
 *
 * Invariants: at most one document per ordered pair. A lifted block keeps its document with `removed: true`, so that
 * processes that poll for changes learn of it as well.
 */
interface BlockDocument {
  _id: mongoose.Types.ObjectId;
  blockerId: string;
  blockedId: string;
  /** Time when the block was set. */
  at: Date;
  removed?: boolean;
  /** Database time of the last change. */
  changedAt: Date;
}

export interface BlockRecord {
  blockerId: UserId;
  blockedId: UserId;
  at: Date;
  isBlocked: boolean;
  changedAt: Date;
}

const schema = new mongoose.Schema<BlockDocument>(
  {
    blockerId: { type: String, required: true },
    blockedId: { type: String, required: true },
    at: Date,
    removed: Boolean,
    changedAt: Date,
  },
  { collection: 'blocks', versionKey: false },
);
/** Queries: the users that a user has blocked; the blocks between two users. */
const BY_PAIR = { blockerId: 1, blockedId: 1 } as const;
/** Query: the users who have blocked a user. */
const BY_BLOCKED = { blockedId: 1 } as const;
/** Query: changed blocks. Every process reads it after a change. */
const BY_CHANGE = { changedAt: 1 } as const;
schema.index(BY_PAIR, { unique: true });
schema.index(BY_BLOCKED);
schema.index(BY_CHANGE);

type StoredBlock = Omit<BlockDocument, '_id'>;

const toRecord = (doc: StoredBlock): BlockRecord => ({
  blockerId: doc.blockerId as UserId,
  blockedId: doc.blockedId as UserId,
  at: doc.at,
  isBlocked: doc.removed !== true,
  changedAt: doc.changedAt,
});

const NOT_REMOVED = { removed: op({ $exists: false }) };

export function createBlockModel(connection: mongoose.Connection, marks: ChangeMarks) {
  const model = connection.model('Block', schema);
  const collection = connection.collection<StoredBlock>('blocks');
  const find = (filter: mongoose.QueryFilter<BlockDocument>) => model.find(filter).read('primary');

  return {
    model,

    /** Sets or lifts a block. Idempotent. @param at database time of the change. */
    async set(pair: { blockerId: UserId; blockedId: UserId }, isBlocked: boolean, at: Date): Promise<void> {
      await retryRaces(() =>
        collection.updateOne(
          pair,
          {
            ...(isBlocked
              ? { $unset: { removed: 1 as const }, $set: { at } }
              : { $set: { removed: true }, $setOnInsert: { at } }),
            $currentDate: { changedAt: true },
          },
          { upsert: true, writeConcern: COMMITTED },
        ),
      );
      await marks.note('blocks');
    },

    /** Returns the blocks between two users in both directions, read from the primary. */
    async findBetween(a: UserId, b: UserId): Promise<BlockRecord[]> {
      const found = await find({ blockerId: op({ $in: [a, b] }), blockedId: op({ $in: [a, b] }) })
        .hint(BY_PAIR)
        .lean();
      return found.map(toRecord);
    },

    /** Returns which of these users have blocked `blockedId`, read from the primary. */
    async findBlockers(blockedId: UserId, among: readonly UserId[]): Promise<UserId[]> {
      const found = await find({ blockerId: op({ $in: among }), blockedId, ...NOT_REMOVED })
        .hint(BY_PAIR)
        .lean();
      return found.map(({ blockerId }) => blockerId as UserId);
    },

    /** Returns the blocks in force that these users have set or are subject to. */
    async findByUsers(userIds: readonly UserId[]): Promise<BlockRecord[]> {
      if (userIds.length === 0) return [];
      const [set, received] = await Promise.all([
        find({ blockerId: op({ $in: userIds }), ...NOT_REMOVED })
          .hint(BY_PAIR)
          .lean(),
        find({ blockedId: op({ $in: userIds }), ...NOT_REMOVED })
          .hint(BY_BLOCKED)
          .lean(),
      ]);
      return [...set, ...received].map(toRecord);
    },

    /** Returns the blocks that were set or lifted at `since` (database time) or later. */
    async findChangedSince(since: Date): Promise<BlockRecord[]> {
      return (
        await find({ changedAt: op({ $gte: since }) })
          .hint(BY_CHANGE)
          .lean()
      ).map(toRecord);
    },

    /** Returns a page of the users blocked by a user, in the order of their ids, after `afterId`. */
    async findPage(blockerId: UserId, limit: number, afterId?: UserId): Promise<BlockRecord[]> {
      const found = await find({
        blockerId,
        ...(afterId !== undefined && { blockedId: op({ $gt: afterId }) }),
        ...NOT_REMOVED,
      })
        .sort({ blockedId: 1 })
        .limit(limit)
        .hint(BY_PAIR)
        .lean();
      return found.map(toRecord);
    },
  };
}

export type BlockModel = ReturnType<typeof createBlockModel>;
