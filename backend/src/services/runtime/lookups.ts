import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { Models } from '../../models/index.js';
import type { MemberRecord } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { BatchLoader } from '../../utils/batchLoader.js';

/** Lookups that are batched over all callers. */
export interface Lookups {
  conversations: BatchLoader<ConversationId, ConversationRecord>;
  /** Positions of all members of conversations. */
  positions: BatchLoader<ConversationId, MemberRecord>;
  /** Positions of members of large groups, without their other fields. */
  largePositions: BatchLoader<ConversationId, MemberRecord>;
  messages: BatchLoader<MessageId, MessageRecord>;
  /** Conversations in which users may have unread messages; a superset. */
  maybeUnread: BatchLoader<UserId, ConversationRecord>;
  /** Member documents of users in large groups and channels. */
  largeGroups: BatchLoader<UserId, MemberRecord>;
  /** Member documents of users in conversations that they marked as unread. */
  marked: BatchLoader<UserId, MemberRecord>;
  /** Member documents of users in conversations that they pinned. */
  pinned: BatchLoader<UserId, MemberRecord>;
}

export const createLookups = ({
  conversations,
  members,
  messages,
  memberSettings,
}: Pick<Models, 'conversations' | 'members' | 'messages' | 'memberSettings'>): Lookups => ({
  conversations: new BatchLoader(
    (ids) => conversations.findByIds(ids),
    ({ _id }) => [_id],
  ),
  positions: new BatchLoader(
    (ids) => members.findByConversations(ids),
    ({ conversationId }) => [conversationId],
  ),
  largePositions: new BatchLoader(
    (ids) => members.findPositions(ids),
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
  largeGroups: new BatchLoader(
    (userIds) => members.findLarge(userIds),
    ({ userId }) => [userId],
  ),
  marked: new BatchLoader(
    (userIds) => memberSettings.findMarkedUnread(userIds),
    ({ userId }) => [userId],
  ),
  pinned: new BatchLoader(
    (userIds) => memberSettings.findAllPinned(userIds),
    ({ userId }) => [userId],
  ),
});
