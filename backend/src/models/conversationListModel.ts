import type mongoose from 'mongoose';
import type { UserId } from '../../../contract/index.js';
import {
  BY_CHANGE,
  BY_GROUP,
  BY_LAST_MESSAGE,
  BY_UNREAD,
  schema,
  toRecord,
  type ConversationDocument,
  type ConversationRecord,
  type ListPosition,
} from './conversationDocument.js';
import { op } from './operators.js';

const rangeBelow = (below: ListPosition | undefined) =>
  below === undefined
    ? {}
    : {
        lastMessageAt: op({ $lte: below.lastMessageAt }),
        $or: [{ lastMessageAt: op({ $lt: below.lastMessageAt }) }, { _id: op({ $lt: below._id }) }],
      };

/** Queries for the conversation lists of users; part of `createConversationModel`. */
export function createConversationListModel(connection: mongoose.Connection) {
  const model = connection.model('Conversation', schema);
  const find = (filter: mongoose.QueryFilter<ConversationDocument>) => model.find(filter);

  return {
    /** Returns a page of a user's conversations below a position, newest message first: one index range. */
    async findPage(userId: UserId, limit: number, below?: ListPosition): Promise<ConversationRecord[]> {
      const page = await find({ participants: userId, ...rangeBelow(below) })
        .sort({ lastMessageAt: -1, _id: -1 })
        .limit(limit)
        .hint(BY_LAST_MESSAGE)
        .lean();
      return page.map(toRecord);
    },

    /** Returns a page of a user's small groups below a position. */
    async findGroupPage(userId: UserId, limit: number, below?: ListPosition): Promise<ConversationRecord[]> {
      const page = await find({ type: 'group', participants: userId, ...rangeBelow(below) })
        .sort({ lastMessageAt: -1, _id: -1 })
        .limit(limit)
        .hint(BY_GROUP)
        .lean();
      return page.map(toRecord);
    },

    /** Returns the newest small groups that a user shares with one of these users. */
    async findShared(
      userId: UserId,
      others: readonly UserId[],
      limit: number,
    ): Promise<ConversationRecord[]> {
      if (others.length === 0) return [];
      const found = await find({
        type: 'group',
        $and: [{ participants: userId }, { participants: op({ $in: others }) }],
      })
        .sort({ lastMessageAt: -1, _id: -1 })
        .limit(limit)
        .hint(BY_GROUP)
        .lean();
      return found.map(toRecord);
    },

    /** Returns a user's conversations in the order of their changes after a position: one index range. */
    async findChanged(
      userId: UserId,
      limit: number,
      after: { changedAt: Date; _id: string },
    ): Promise<ConversationRecord[]> {
      const page = await find({
        participants: userId,
        changedAt: op({ $gte: after.changedAt }),
        $or: [{ changedAt: op({ $gt: after.changedAt }) }, { _id: op({ $gt: after._id }) }],
      })
        .sort({ changedAt: 1, _id: 1 })
        .limit(limit)
        .hint(BY_CHANGE)
        .lean();
      return page.map(toRecord);
    },

    /**
     * Returns the conversations in which one of these users may have unread messages, with the fields that counting
     * needs.
     */
    async findMaybeUnread(userIds: readonly UserId[]): Promise<ConversationRecord[]> {
      const counted = {
        type: 1,
        participants: 1,
        lastSeq: 1,
        messageCount: 1,
        lastSent: 1,
        lastSentN: 1,
        lastQuiet: 1,
        control: 1,
        closedBy: 1,
        mergedInto: 1,
        lastMessageAt: 1,
        createdAt: 1,
        tail: 1,
        removalSeq: 1,
        lastDeletedSeq: 1,
      } as const;
      const found = await model
        .find({ maybeUnread: op({ $in: userIds }) }, counted)
        .hint(BY_UNREAD)
        .lean();
      return found.map(toRecord);
    },
  };
}
