import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { retryRaces } from './insertMany.js';
import { objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { COMMITTED } from './committed.js';

/**
 * Reactions of one user to one message, as of the change `state.rev`.
 *
 * `{ conversationId, seq: 3, userId: 'alice', state: { rev: 7, emojis: ['👍'] } }`
 *
 * Invariants: at most one document per message and user. `state` is compared by `$max` as a whole, so by `rev` first:
 * an older state never replaces a newer one.
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
/** Uniqueness, and queries: the reactions to a message; a user's own reactions on a page. */
const BY_MESSAGE = { conversationId: 1, seq: 1, userId: 1 } as const;
schema.index(BY_MESSAGE, { unique: true });

/** Maximum user ids in one query. */
const MAX_QUERY_USERS = 100;
/** Maximum reactions that are read and filtered in memory when a query would name too many users. */
const MAX_READ = 10_000;

const toRecord = ({ seq, userId, state }: ReactionDocument): ReactionRecord => ({
  seq,
  userId: userId as UserId,
  rev: state.rev,
  emojis: state.emojis,
});

export function createReactionModel(connection: mongoose.Connection) {
  const model = connection.model('Reaction', schema);
  const collection = connection.collection<Omit<ReactionDocument, '_id'>>('reactions');
  return {
    model,

    /** Returns the reactions of these users to these messages. */
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

    /** Returns the first `limit` users with a reaction to a message (or with one of the emojis in `among`), by id. */
    async findByMessage(
      conversationId: ConversationId,
      { seq, among, limit }: { seq: number; among?: readonly string[] | undefined; limit: number },
    ): Promise<ReactionRecord[]> {
      const having =
        among === undefined
          ? { 'state.emojis.0': op({ $exists: true }) }
          : { 'state.emojis': op({ $in: [...among] }) };
      const found = await model
        .find({ conversationId, seq, ...having })
        .sort({ userId: 1 })
        .limit(limit)
        .hint(BY_MESSAGE)
        .lean<ReactionDocument[]>();
      return found.map(toRecord);
    },

    /** Returns the reactions to these messages, of at most `MAX_READ` users. */
    async findByMessages(conversationId: ConversationId, seqs: readonly number[]): Promise<ReactionRecord[]> {
      if (seqs.length === 0) return [];
      const found = await model
        .find({ conversationId, seq: op({ $in: [...seqs] }) })
        .limit(MAX_READ)
        .hint(BY_MESSAGE)
        .read('primary')
        .lean<ReactionDocument[]>();
      return found.map(toRecord);
    },

    /**
     * Like `findPairs`, for possibly thousands of users: above `MAX_NAMED` it reads all reactions and filters them in
     * memory.
     */
    async findByUsers(
      conversationId: ConversationId,
      { seqs, userIds }: { seqs: readonly number[]; userIds: ReadonlySet<UserId> },
    ): Promise<ReactionRecord[]> {
      if (userIds.size <= MAX_QUERY_USERS)
        return this.findPairs(conversationId, { seqs, userIds: [...userIds] });
      const found = await this.findByMessages(conversationId, seqs);
      return found.filter(({ userId }) => userIds.has(userId));
    },

    /** Stores reactions in one bulk; newer states are kept. Sorted, because overlapping bulks could deadlock. */
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

    /** Removes all reactions to deleted messages. */
    async removeByMessages(conversationId: ConversationId, seqs: readonly number[]): Promise<void> {
      await collection.deleteMany(
        { conversationId: objectId(conversationId), seq: { $in: [...seqs] } },
        { hint: BY_MESSAGE },
      );
    },
  };
}

export type ReactionModel = ReturnType<typeof createReactionModel>;
