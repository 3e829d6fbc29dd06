import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { Models } from '../models/index.js';
import type { MemberRecord } from '../models/memberModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import { BatchLoader } from '../utils/batchLoader.js';

/** What many callers look up at the same time, gathered into few queries. */
export interface Lookups {
  conversations: BatchLoader<ConversationId, ConversationRecord>;
  /** Everybody's positions in conversations. */
  positions: BatchLoader<ConversationId, MemberRecord>;
  /** The same of large groups, and nothing else of their members. */
  reach: BatchLoader<ConversationId, MemberRecord>;
  messages: BatchLoader<MessageId, MessageRecord>;
  /** Conversations in which users may have something unread; a superset. */
  maybeUnread: BatchLoader<UserId, ConversationRecord>;
  /** What users have of their large groups and channels. */
  apart: BatchLoader<UserId, MemberRecord>;
  /** What users have marked as unread. */
  marked: BatchLoader<UserId, MemberRecord>;
}

export const createLookups = ({
  conversations,
  members,
  messages,
  ownStates,
}: Pick<Models, 'conversations' | 'members' | 'messages' | 'ownStates'>): Lookups => ({
  conversations: new BatchLoader(
    (ids) => conversations.findByIds(ids),
    ({ _id }) => [_id],
  ),
  positions: new BatchLoader(
    (ids) => members.findOf(ids),
    ({ conversationId }) => [conversationId],
  ),
  reach: new BatchLoader(
    (ids) => members.findReach(ids),
    ({ conversationId }) => [conversationId],
  ),
  messages: new BatchLoader(
    (ids) => messages.findByIds(ids),
    ({ _id }) => [_id],
  ),
  maybeUnread: new BatchLoader(
    (userIds) => conversations.findMaybeUnread(userIds),
    ({ participants }) => participants,
  ),
  apart: new BatchLoader(
    (userIds) => members.findApart(userIds),
    ({ userId }) => [userId],
  ),
  marked: new BatchLoader(
    (userIds) => ownStates.findMarked(userIds),
    ({ userId }) => [userId],
  ),
});
