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
  messages: BatchLoader<MessageId, MessageRecord>;
  /** Conversations in which users may have something unread; a superset. */
  maybeUnread: BatchLoader<UserId, ConversationRecord>;
}

export const createLookups = ({
  conversations,
  members,
  messages,
}: Pick<Models, 'conversations' | 'members' | 'messages'>): Lookups => ({
  conversations: new BatchLoader(
    (ids) => conversations.findByIds(ids),
    ({ _id }) => [_id],
  ),
  positions: new BatchLoader(
    (ids) => members.findOf(ids),
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
});
