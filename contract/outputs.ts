import { z } from 'zod';
import { cursor, isoTime, seqOrZero, userId } from './primitives.js';
import {
  conversationView,
  entryView,
  messageView,
  ownView,
  positionView,
  presenceView,
  sentMessageView,
  userView,
} from './views.js';

export const conversationAnswer = z.object({ conversation: conversationView, created: z.boolean() });
export const oneConversationAnswer = z.object({ conversation: conversationView });

export const conversationListAnswer = z.object({
  conversations: z.array(conversationView),
  nextCursor: cursor.optional(),
  /** Unread messages over all conversations that are not muted, whatever the page. */
  totalUnread: z.int(),
  mutedUnread: z.int(),
  /** On the first page: what to give `sync` later. Taken before the list was read, so nothing falls between. */
  syncCursor: cursor.optional(),
});
export type ConversationListAnswer = z.infer<typeof conversationListAnswer>;

export const sentAnswer = sentMessageView;

export const messagePageAnswer = z.object({
  /** Oldest first, without a hole: the page is one range of `seq`. */
  messages: z.array(entryView),
  lastSeq: seqOrZero,
  /** Whether there is more in the direction asked for (backwards, unless `after` was given). */
  hasMore: z.boolean(),
  /** The client holds numbers that this database does not have (it was restored): load afresh. */
  reload: z.boolean().optional(),
});
export type MessagePageAnswer = z.infer<typeof messagePageAnswer>;

export const positionAnswer = positionView;
export const typingAnswer = z.object({ expiresInMs: z.int() });

export const syncAnswer = z.object({
  /** Conversations that changed since the cursor, oldest change first. Some may be repeated from the last call. */
  conversations: z.array(conversationView),
  /** My own positions that changed, perhaps on another device. */
  own: z.array(ownView),
  /** Conversations that are no longer mine. */
  removed: z.array(z.string()),
  cursor,
  hasMore: z.boolean(),
  /** Names this database's history; another value than last time means: forget what you hold, except unsent messages. */
  epoch: z.string(),
  reload: z.boolean().optional(),
  totalUnread: z.int(),
  mutedUnread: z.int(),
});
export type SyncAnswer = z.infer<typeof syncAnswer>;

export const sessionAnswer = z.object({ userId, expiresAt: isoTime });
export const presenceAnswer = z.object({ presences: z.array(presenceView) });
export const unreadAnswer = z.object({
  /** Of conversations that are not muted. */
  totalUnread: z.int(),
  mutedUnread: z.int(),
  conversations: z.int(),
});
export const profileAnswer = z.object({ user: userView });
export const revokedAnswer = z.object({ tokensValidFrom: isoTime });
export const ownMessagesAnswer = z.object({ messages: z.array(messageView), nextCursor: cursor.optional() });
export const demoAnswer = z.object({ users: z.array(userView.extend({ token: z.string() })) });
