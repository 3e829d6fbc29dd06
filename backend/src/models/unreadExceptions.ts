import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { MessageDocument } from './messageShape.js';
import { objectId } from './objectIds.js';

/** The messages of one conversation with `afterSeq` < `seq` ≤ `toSeq`. */
export interface CountRange {
  conversationId: ConversationId;
  afterSeq: number;
  toSeq: number;
  /** `n` of messages to exclude. */
  exceptNs: readonly number[];
  /** Counts only messages deleted for everyone. They have an index of their own, so the other messages cost nothing. */
  onlyDeleted: boolean;
}

/** Number of messages of one sender in a range, either deleted for everyone or not. */
export interface SenderCount {
  /** Index of the range in the request. */
  range: number;
  senderId: UserId;
  isDeleted: boolean;
  count: number;
}

/** Maximum ranges in one command; each is planned separately. */
const MAX_RANGES = 100;

const toMatch = ({ conversationId, afterSeq, toSeq, exceptNs, onlyDeleted }: CountRange) => ({
  conversationId: objectId(conversationId),
  seq: { $gt: afterSeq, $lte: toSeq },
  ...(onlyDeleted && { deletedAt: { $exists: true } }),
  ...(exceptNs.length > 0 && { n: { $nin: [...exceptNs] } }),
  controlSeq: { $exists: false },
  shadow: { $exists: false },
});

const toStages = (range: CountRange, index: number): mongoose.mongo.BSON.Document[] => [
  { $match: toMatch(range) },
  {
    $project: {
      _id: 0,
      senderId: 1,
      range: { $literal: index },
      isDeleted: { $ne: [{ $type: '$deletedAt' }, 'missing'] },
    },
  },
];

/** Counts messages after a read position that do not count as unread for every member. */
export function createUnreadExceptions(connection: mongoose.Connection) {
  const messages = connection.collection<MessageDocument>('messages');

  /** A union instead of `$or`: each range is then a bounded index range on every database. */
  async function countRanges(ranges: readonly CountRange[]): Promise<SenderCount[]> {
    const [first, ...others] = ranges.map(toStages);
    if (first === undefined) return [];
    const unions = others.map((pipeline) => ({ $unionWith: { coll: 'messages', pipeline } }));
    const found = await messages
      .aggregate<{ _id: Omit<SenderCount, 'count'>; count: number }>(
        [
          ...first,
          ...unions,
          {
            $group: {
              _id: { range: '$range', senderId: '$senderId', isDeleted: '$isDeleted' },
              count: { $sum: 1 },
            },
          },
        ],
        { readPreference: 'primary' },
      )
      .toArray();
    return found.map(({ _id, count }) => ({ ..._id, count }));
  }

  return {
    /**
     * Counts the counted messages of these ranges by sender, in one command per hundred ranges. The cost of a range is
     * linear in its length, or with `onlyDeleted` in the number of its deleted messages.
     */
    async countBySender(ranges: readonly CountRange[]): Promise<SenderCount[]> {
      const starts = Array.from({ length: Math.ceil(ranges.length / MAX_RANGES) }, (_, i) => i * MAX_RANGES);
      const counts = await Promise.all(
        starts.map(async (start) =>
          (await countRanges(ranges.slice(start, start + MAX_RANGES))).map((one) => ({
            ...one,
            range: one.range + start,
          })),
        ),
      );
      return counts.flat();
    },
  };
}

export type UnreadExceptions = ReturnType<typeof createUnreadExceptions>;
