import mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { BY_CLEARED, type MemberDocument, type MemberRecord } from './memberDocument.js';
import { retryRaces } from './insertMany.js';
import { conversationIdOf, objectId, type ObjectId } from './objectIds.js';
import { op } from './operators.js';
import { groupBy } from '../utils/groupBy.js';
import { COMMITTED } from './committed.js';

/**
 * A message that a user has deleted for themselves.
 *
 * `{ userId: 'alice', conversationId: ObjectId, seq: 7, at: Date }`
 *
 * Invariants: at most one document per user and message, never removed. The message keeps its `seq`, but its content is
 * not shown to this user.
 */
interface HideDocument {
  _id: ObjectId;
  userId: string;
  conversationId: ObjectId;
  seq: number;
  /** Database time. */
  at: Date;
}

const schema = new mongoose.Schema<HideDocument>(
  {
    userId: { type: String, required: true },
    conversationId: { type: mongoose.Schema.Types.ObjectId, required: true },
    seq: { type: Number, required: true },
    at: Date,
  },
  { collection: 'hides', versionKey: false },
);
/** Query: the messages of a page that a user has hidden. */
const BY_USER = { userId: 1, conversationId: 1, seq: 1 } as const;
/** Query: the users who must not be notified of a message. */
const BY_MESSAGE = { conversationId: 1, seq: 1 } as const;
/** Query: the messages that a user hid on another device since a time (`sync`). */
const BY_TIME = { userId: 1, conversationId: 1, at: 1 } as const;
schema.index(BY_USER, { unique: true });
schema.index(BY_MESSAGE);
schema.index(BY_TIME);

export function createHideModel(connection: mongoose.Connection) {
  const model = connection.model('Hide', schema);
  const collection = connection.collection<Omit<HideDocument, '_id'>>('hides');
  const members = connection.collection<Omit<MemberDocument, '_id'>>('members');
  return {
    model,

    /**
     * Hides a message from a user. A repeated call only updates `at`, so that it is synced to the user's devices again.
     */
    async add(userId: UserId, conversationId: ConversationId, seq: number): Promise<void> {
      await retryRaces(() =>
        collection.updateOne(
          { userId, conversationId: objectId(conversationId), seq },
          { $currentDate: { at: true } },
          { upsert: true, writeConcern: COMMITTED },
        ),
      );
    },

    /**
     * Records in the user's member document that a message was hidden, so that `sync` finds it and the message does not
     * count as unread.
     *
     * @param unreadN the message's `n` (its number among the counted messages), if the user has not read it.
     */
    async recordInMember(
      userId: UserId,
      conversationId: ConversationId,
      { seq, unreadN }: { seq: number; unreadN: number | undefined },
    ): Promise<void> {
      await retryRaces(() =>
        members.updateOne(
          { conversationId: objectId(conversationId), userId },
          {
            $max: { lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: 0, lastHiddenSeq: seq },
            ...(unreadN !== undefined && { $addToSet: { hiddenNs: unreadN } }),
            $currentDate: { changedAt: true },
          },
          { upsert: true, writeConcern: COMMITTED },
        ),
      );
    },

    /** Returns which `seq`s from `fromSeq` to `toSeq` a user has hidden. */
    async findRange(
      userId: UserId,
      conversationId: ConversationId,
      { fromSeq, toSeq }: { fromSeq: number; toSeq: number },
    ): Promise<number[]> {
      const found = await model
        .find({ userId, conversationId, seq: op({ $gte: fromSeq, $lte: toSeq }) }, { seq: 1 })
        .hint(BY_USER)
        .lean();
      return found.map(({ seq }) => seq);
    },

    /** Returns which messages a user has hidden, at most those with one of these `seq`s, in any of the conversations. */
    async findHidden(
      userId: UserId,
      conversationIds: readonly ConversationId[],
      seqs: readonly number[],
    ): Promise<{ conversationId: ConversationId; seq: number }[]> {
      if (seqs.length === 0) return [];
      const found = await model
        .find(
          { userId, conversationId: op({ $in: conversationIds }), seq: op({ $in: [...seqs] }) },
          { conversationId: 1, seq: 1 },
        )
        .hint(BY_USER)
        .lean();
      return found.map(({ conversationId, seq }) => ({
        conversationId: conversationIdOf(conversationId),
        seq,
      }));
    },

    /** Returns which of these `seq`s a user has hidden. */
    async findHiddenSeqs(
      userId: UserId,
      conversationId: ConversationId,
      seqs: readonly number[],
    ): Promise<number[]> {
      if (seqs.length === 0) return [];
      const found = await model
        .find({ userId, conversationId, seq: op({ $in: [...seqs] }) }, { seq: 1 })
        .hint(BY_USER)
        .lean();
      return found.map(({ seq }) => seq);
    },

    /**
     * Returns for each message the users who must not see it: they have hidden it, or cleared the conversation up to it
     * or later.
     *
     * @param all the documents of all members, if they were read: then most messages need no query.
     */
    async findHidingUsers(
      conversationId: ConversationId,
      seqs: readonly number[],
      all?: readonly MemberRecord[],
    ): Promise<Map<number, Set<UserId>>> {
      const fromSeq = Math.min(...seqs);
      const [hiding, clearing] = await Promise.all([
        all?.every(({ lastHiddenSeq = 0 }) => lastHiddenSeq < fromSeq) === true
          ? []
          : model
              .find({ conversationId, seq: op({ $in: [...seqs] }) }, { userId: 1, seq: 1 })
              .hint(BY_MESSAGE)
              .lean(),
        all ??
          members
            .find(
              { conversationId: objectId(conversationId), clearedSeq: { $gte: fromSeq } },
              { projection: { userId: 1, clearedSeq: 1 }, hint: BY_CLEARED },
            )
            .toArray(),
      ]);
      const hidden = groupBy(hiding, ({ seq }) => seq);
      const usersAt = (seq: number): Set<UserId> => {
        const cleared = clearing.filter(({ clearedSeq = 0 }) => clearedSeq >= seq);
        return new Set([...(hidden.get(seq) ?? []), ...cleared].map(({ userId }) => userId as UserId));
      };
      return new Map(seqs.map((seq) => [seq, usersAt(seq)]));
    },

    /** Returns by conversation the `seq`s that a user has hidden at `since` or later. */
    async findSince(
      userId: UserId,
      conversationIds: readonly ConversationId[],
      since: Date,
    ): Promise<Map<ConversationId, number[]>> {
      if (conversationIds.length === 0) return new Map();
      const found = await model
        .find(
          { userId, conversationId: op({ $in: [...conversationIds] }), at: op({ $gte: since }) },
          { conversationId: 1, seq: 1 },
        )
        .hint(BY_TIME)
        .lean();
      const groups = groupBy(found, ({ conversationId }) => conversationIdOf(conversationId));
      return new Map([...groups].map(([id, hides]) => [id, hides.map(({ seq }) => seq)]));
    },
  };
}

export type HideModel = ReturnType<typeof createHideModel>;
