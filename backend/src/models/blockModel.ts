import mongoose from 'mongoose';
import type { UserId } from '../../../contract/index.js';
import { retryRaces } from './insertMany.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/**
 * That one user has blocked another. It stays when the block is lifted (`removed`), so that every process hears of
 * that, too: they ask for what changed. At most one document per ordered pair.
 */
interface BlockDocument {
  _id: mongoose.Types.ObjectId;
  blockerId: string;
  blockedId: string;
  /** Since when. */
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
/** Whom somebody has blocked; whether one of two has blocked the other. */
const BY_PAIR = { blockerId: 1, blockedId: 1 } as const;
/** Who has blocked somebody. */
const BY_BLOCKED = { blockedId: 1 } as const;
/** What every process asks twice a second: who has blocked whom, or no longer does. */
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

const IN_FORCE = { removed: op({ $exists: false }) };

export function createBlockModel(connection: mongoose.Connection) {
  const model = connection.model('Block', schema);
  const collection = connection.collection<StoredBlock>('blocks');
  const find = (filter: mongoose.QueryFilter<BlockDocument>) => model.find(filter).read('primary');

  return {
    model,

    /** Blocks or lets in again. The same twice is the same. @param at when, in database time. */
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
    },

    /** What the two think of each other, as the primary has it now. */
    async findBetween(a: UserId, b: UserId): Promise<BlockRecord[]> {
      const found = await find({ blockerId: op({ $in: [a, b] }), blockedId: op({ $in: [a, b] }) })
        .hint(BY_PAIR)
        .lean();
      return found.map(toRecord);
    },

    /** Those of these users who have blocked somebody, as the primary has it now. */
    async findBlockers(blockedId: UserId, among: readonly UserId[]): Promise<UserId[]> {
      const found = await find({ blockerId: op({ $in: among }), blockedId, ...IN_FORCE })
        .hint(BY_PAIR)
        .lean();
      return found.map(({ blockerId }) => blockerId as UserId);
    },

    /** Every block in force that one of these users has set or is under. */
    async findOf(userIds: readonly UserId[]): Promise<BlockRecord[]> {
      if (userIds.length === 0) return [];
      const [set, suffered] = await Promise.all([
        find({ blockerId: op({ $in: userIds }), ...IN_FORCE })
          .hint(BY_PAIR)
          .lean(),
        find({ blockedId: op({ $in: userIds }), ...IN_FORCE })
          .hint(BY_BLOCKED)
          .lean(),
      ]);
      return [...set, ...suffered].map(toRecord);
    },

    /** What changed since then (database time). */
    async findChangedSince(since: Date): Promise<BlockRecord[]> {
      return (
        await find({ changedAt: op({ $gte: since }) })
          .hint(BY_CHANGE)
          .lean()
      ).map(toRecord);
    },

    /** Whom somebody has blocked, in the order of their ids, behind one. */
    async findPage(blockerId: UserId, limit: number, afterId?: UserId): Promise<BlockRecord[]> {
      const found = await find({
        blockerId,
        ...(afterId !== undefined && { blockedId: op({ $gt: afterId }) }),
        ...IN_FORCE,
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
