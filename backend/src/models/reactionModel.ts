import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { retryRaces } from './insertMany.js';
import { objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/**
 * Which reactions one user has on one message, as of the change `state.rev`. Compared as a whole, and so by `rev`
 * first: an older state never replaces a newer one.
 */
interface ReactionDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  seq: number;
  userId: string;
  state: { rev: number; emojis: string[] };
}

export interface ReactionRecord {
  seq: number;
  userId: UserId;
  rev: number;
  emojis: string[];
}

const schema = new mongoose.Schema<ReactionDocument>(
  {
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    seq: { type: Number, required: true },
    userId: { type: String, required: true },
    state: mongoose.Schema.Types.Mixed,
  },
  { collection: 'reactions', versionKey: false },
);
/** Who reacted to a message; one's own reactions on a page. */
const BY_MESSAGE = { conversationId: 1, seq: 1, userId: 1 } as const;
schema.index(BY_MESSAGE, { unique: true });

const toRecord = ({ seq, userId, state }: ReactionDocument): ReactionRecord => ({
  ...{ seq, userId: userId as UserId, rev: state.rev, emojis: state.emojis },
});

export function createReactionModel(connection: mongoose.Connection) {
  const model = connection.model('Reaction', schema);
  const collection = connection.collection<Omit<ReactionDocument, '_id'>>('reactions');
  return {
    model,

    /** The reactions of these users on these messages. */
    async findPairs(
      conversationId: ConversationId,
      { seqs, userIds }: { seqs: readonly number[]; userIds: readonly UserId[] },
    ): Promise<ReactionRecord[]> {
      if (seqs.length === 0 || userIds.length === 0) return [];
      const found = await model
        .find({ conversationId, seq: op({ $in: [...seqs] }), userId: op({ $in: [...userIds] }) })
        .hint(BY_MESSAGE)
        .read('primary')
        .lean<ReactionDocument[]>();
      return found.map(toRecord);
    },

    /** The first `limit` users who have a reaction on a message (or this one), by id. */
    async findOf(
      conversationId: ConversationId,
      { seq, emoji, limit }: { seq: number; emoji?: string | undefined; limit: number },
    ): Promise<ReactionRecord[]> {
      const having =
        emoji === undefined ? { 'state.emojis.0': op({ $exists: true }) } : { 'state.emojis': emoji };
      const found = await model
        .find({ conversationId, seq, ...having })
        .sort({ userId: 1 })
        .limit(limit)
        .hint(BY_MESSAGE)
        .lean<ReactionDocument[]>();
      return found.map(toRecord);
    },

    /** Sets what users have on messages, all in one round trip; a newer state stays. Sorted, as in every bulk. */
    async apply(conversationId: ConversationId, reactions: readonly ReactionRecord[]): Promise<void> {
      if (reactions.length === 0) return;
      const updates = reactions
        .toSorted((a, b) => a.seq - b.seq || (a.userId < b.userId ? -1 : 1))
        .map(({ seq, userId, rev, emojis }) => ({
          updateOne: {
            filter: { conversationId: objectId(conversationId), seq, userId },
            update: { $max: { state: { rev, emojis } } },
            upsert: true,
          },
        }));
      await retryRaces(() => collection.bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }));
    },

    /** Forgets everybody's reactions on deleted messages. */
    async removeOf(conversationId: ConversationId, seqs: readonly number[]): Promise<void> {
      await collection.deleteMany(
        { conversationId: objectId(conversationId), seq: { $in: [...seqs] } },
        { hint: BY_MESSAGE },
      );
    },
  };
}

export type ReactionModel = ReturnType<typeof createReactionModel>;
