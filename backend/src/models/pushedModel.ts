import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { retryRaces } from './insertMany.js';
import { readLimit } from './readLimits.js';

/**
 * The newest notification of a user in a conversation.
 *
 * `{ _id: '<conversation>:<user>', seq: 9, sentSeq: 7, at: Date }`
 *
 * Invariants: written before the notification is sent (`seq`) and after it (`sentSeq`), so that no message is pushed to a
 * user twice, and a notification that is on its way can be cleared. Removed when the user has read the conversation.
 */
interface PushedDocument {
  _id: string;
  seq: number;
  sentSeq?: number;
  at: Date;
}

export interface PushedKey {
  conversationId: ConversationId;
  userId: UserId;
}
interface Pushed extends PushedKey {
  seq: number;
}

const schema = new mongoose.Schema<PushedDocument>(
  {
    _id: { type: String, required: true },
    seq: { type: Number, required: true },
    sentSeq: Number,
    at: { type: Date, required: true },
  },
  { collection: 'pushed', versionKey: false },
);
/** Removal of what nobody reads: devices drop such notifications themselves. */
const KEPT_S = 7 * 86_400;
schema.index({ at: 1 }, { expireAfterSeconds: KEPT_S });

export const pushedKey = ({ conversationId, userId }: PushedKey): string => `${conversationId}:${userId}`;

const byKey = (a: Pushed, b: Pushed): number => (pushedKey(a) < pushedKey(b) ? -1 : 1);

export function createPushedModel(connection: mongoose.Connection) {
  const model = connection.model('Pushed', schema);
  const collection = connection.collection<PushedDocument>('pushed');
  return {
    model,

    /** Notes notifications that are about to be sent. */
    async begin(items: readonly Pushed[], at: Date): Promise<void> {
      if (items.length === 0) return;
      const updates = items.toSorted(byKey).map((item) => ({
        updateOne: {
          filter: { _id: pushedKey(item) },
          update: { $max: { seq: item.seq }, $set: { at } },
          upsert: true,
        },
      }));
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false }));
    },

    /** Notes notifications that a provider has accepted. */
    async finish(items: readonly Pushed[]): Promise<void> {
      if (items.length === 0) return;
      await collection.bulkWrite(
        items.toSorted(byKey).map((item) => ({
          updateOne: { filter: { _id: pushedKey(item) }, update: { $max: { sentSeq: item.seq } } },
        })),
        { ordered: false },
      );
    },

    /** Returns by `pushedKey` the `seq` of the newest message that was pushed, for those with one. */
    async findSent(items: readonly PushedKey[]): Promise<Map<string, number>> {
      if (items.length === 0) return new Map();
      const found = await collection
        .find({ _id: { $in: items.map(pushedKey) } }, { readPreference: 'primary', ...readLimit() })
        .toArray();
      return new Map(found.flatMap(({ _id, sentSeq }) => (sentSeq === undefined ? [] : [[_id, sentSeq]])));
    },

    /**
     * Removes the notifications of these conversations up to the given `seq`, and returns those that there were. Of two
     * callers one gets each.
     */
    async take(items: readonly Pushed[]): Promise<Pushed[]> {
      if (items.length === 0) return [];
      const found = await collection
        .find({ _id: { $in: items.map(pushedKey) } }, { readPreference: 'primary', ...readLimit() })
        .toArray();
      const present = new Map(found.map((one) => [one._id, one]));
      const taken = await Promise.all(
        items.map(async (item) => {
          const known = present.get(pushedKey(item));
          if (known === undefined || known.seq > item.seq) return undefined;
          const { deletedCount } = await collection.deleteOne({ _id: known._id, seq: { $lte: item.seq } });
          return deletedCount === 1 ? item : undefined;
        }),
      );
      return taken.filter((item) => item !== undefined);
    },
  };
}

export type PushedModel = ReturnType<typeof createPushedModel>;
