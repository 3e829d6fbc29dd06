import type { ClientErrorCode } from './error.js';
import type { Conversation, Message, PendingMessage } from '../state/types.js';
import type { ErrorCode } from '../wire/index.js';

/**
 * `idle`: before `connect` and after `disconnect`. `connecting`: the first attempt. `online`: connected and synchronised.
 * `syncing`: connected, catching up. `reconnecting`: between attempts. `draining`: the server is shutting down and has said
 * when to return. `ended`: the SDK does not reconnect (`reason` says why).
 */
export interface ConnectionState {
  status: 'idle' | 'connecting' | 'syncing' | 'online' | 'reconnecting' | 'draining' | 'ended';
  reason?: string | undefined;
  code?: ErrorCode | ClientErrorCode | 'TOO_MANY_SOCKETS' | 'FLOODING' | undefined;
}

/** First pages of the conversation list, in the server's order: pinned first, then by newest message. */
export interface ConversationListSnapshot {
  conversations: readonly Conversation[];
  /** False until the list came from the storage or from the server. */
  isLoaded: boolean;
  /** True when the server has further pages: `conversations.loadMore()`. */
  hasMore: boolean;
}

export type ConversationFilter = 'all' | 'unread' | 'groups' | 'archived';

/** The messages of a conversation that are held on this device. */
export interface MessagesSnapshot {
  conversation: Conversation | undefined;
  /** Ascending by `seq`, without entries that the user may not see. May have gaps: `gaps`. */
  messages: readonly Message[];
  /** The user's own unsent messages, in the order of sending. They follow all `messages`. */
  pending: readonly PendingMessage[];
  /** Ranges of `seq` that are missing between held messages; they are loaded when `loadAround` or `loadOlder` reach them. */
  gaps: readonly { fromSeq: number; toSeq: number }[];
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
