import { z } from 'zod';
import { cursor, isoTime, seqOrZero, storedUserId as userId } from './primitives.js';
import {
  conversationView,
  entryView,
  messageView,
  settingsView,
  positionView,
  presenceView,
  refusedUser,
  sentMessageView,
  userView,
} from './views.js';

export const conversationAnswer = z.object({ conversation: conversationView, created: z.boolean() });
export const oneConversationAnswer = z.object({ conversation: conversationView });

/** Users who could not be added. All others are members. */
const refused = z.array(refusedUser);
export const groupAnswer = conversationAnswer.extend({ refused });
export const addedAnswer = oneConversationAnswer.extend({ refused });

export const conversationListAnswer = z.object({
  conversations: z.array(conversationView),
  nextCursor: cursor.optional(),
  /** Unread messages in all conversations that are not muted, independent of the page. */
  totalUnread: z.int(),
  mutedUnread: z.int(),
  /** First page only: cursor for a later `sync`. Taken before the list was read, so that no change is missed in between. */
  syncCursor: cursor.optional(),
});
export type ConversationListAnswer = z.infer<typeof conversationListAnswer>;

export const sentAnswer = sentMessageView;

/** Where a file is: a signed URL or, with the embedded store, a path on this server. */
export const fileUrlAnswer = z.object({ url: z.string(), urlExpiresAt: isoTime });

export const messagePageAnswer = z.object({
  /** Oldest first, without gaps: a page is one range of `seq`. */
  messages: z.array(entryView),
  lastSeq: seqOrZero,
  /** Whether there are more messages in the requested direction (backwards, unless `after` was given). */
  hasMore: z.boolean(),
  /** True when the client named a `seq` that this database does not have, because it was restored: discard and load again. */
  reload: z.boolean().optional(),
});
export type MessagePageAnswer = z.infer<typeof messagePageAnswer>;

export const positionAnswer = positionView;
export const typingAnswer = z.object({ expiresInMs: z.int() });

export const syncAnswer = z.object({
  /** Conversations that changed since the cursor, oldest change first. Some may repeat those of the last call. */
  conversations: z.array(conversationView),
  /** Positions and settings of the caller that changed since the cursor, also on other devices. */
  settings: z.array(settingsView),
  /** Ids of conversations that the caller is no longer in. */
  removed: z.array(z.string()),
  cursor,
  hasMore: z.boolean(),
  /** Identifies this database's history. When it differs from the last one, discard everything except unsent messages. */
  epoch: z.string(),
  reload: z.boolean().optional(),
  totalUnread: z.int(),
  mutedUnread: z.int(),
});
export type SyncAnswer = z.infer<typeof syncAnswer>;

export const sessionAnswer = z.object({ userId, expiresAt: isoTime });
export const presenceAnswer = z.object({ presences: z.array(presenceView) });
export const unreadAnswer = z.object({
  /** Unread messages in conversations that are not muted. */
  totalUnread: z.int(),
  mutedUnread: z.int(),
  /** Number of conversations with unread messages, muted ones excluded. */
  unreadConversations: z.int(),
});
export const profileAnswer = z.object({ user: userView });
export const revokedAnswer = z.object({ tokensValidFrom: isoTime });
export const ticketAnswer = z.object({ ticket: z.string(), expiresAt: isoTime });
export const ownMessagesAnswer = z.object({ messages: z.array(messageView), nextCursor: cursor.optional() });
