import type { SeqRange } from '../state/log.js';
import type { Conversation, Message, PendingMessage } from '../state/types.js';

export type { ConversationFilter } from '../state/listSelectors.js';
export type { ConnectionState } from '../state/types.js';

/** First pages of the conversation list, in the server's order: pinned first, then by newest message. */
export interface ConversationListSnapshot {
  conversations: readonly Conversation[];
  /** False until the list came from the storage or from the server. */
  isLoaded: boolean;
  /** True when the server may have further pages: `conversations.loadMore(filter)`. */
  hasMore: boolean;
}

/** The messages of a conversation that are held on this device. */
export interface MessagesSnapshot {
  conversation: Conversation | undefined;
  /** Ascending by `seq`, without entries that the user may not see, each with its current status. May have gaps: `gaps`. */
  messages: readonly Message[];
  /** The user's own unsent messages, in the order of sending. They follow all `messages`. */
  pending: readonly PendingMessage[];
  /** Ranges of `seq` that are missing between held messages; they are loaded when `loadAround` or `loadOlder` reach them. */
  gaps: readonly SeqRange[];
  /** True when older messages exist that `loadOlder` would load. */
  hasOlder: boolean;
  loading: 'idle' | 'loading' | 'failed';
  /** `seq` of the first unread message when the conversation was opened; stays until it is closed. */
  firstUnreadSeq: number | undefined;
  /** Ids of users who are typing. */
  typingUserIds: readonly string[];
}

export interface OutboxSnapshot {
  /** All unsent messages of all conversations, in the order of sending. */
  messages: readonly PendingMessage[];
  failedCount: number;
}
