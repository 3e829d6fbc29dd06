import { z } from 'zod';
import {
  clientMessageId,
  conversationId,
  isoTime,
  messageId,
  seq,
  seqOrZero,
  storedUserId,
} from '../primitives.js';
import { conversationView, refusedUser, userView } from '../views.js';

/**
 * Answers of the server-side API. Those of writing calls hold ids and numbers only: they are stored with their
 * `Idempotency-Key`, and no copy of a text may remain there after the message was deleted.
 */

export const upsertedAnswer = z.object({ userId: storedUserId, created: z.boolean() });
export const upsertedManyAnswer = z.object({
  /** Users that did not exist before. */
  createdCount: z.int(),
  updatedCount: z.int(),
});

/** A user as the backend sees them. */
export const accountView = userView.extend({
  createdAt: isoTime,
  lastSeenAt: isoTime.optional(),
  bannedAt: isoTime.optional(),
  deletedAt: isoTime.optional(),
  restrictedAt: isoTime.optional(),
  /** Tokens issued before this time are refused. */
  tokensValidFrom: isoTime.optional(),
});
export type AccountView = z.infer<typeof accountView>;

export const userIdAnswer = z.object({ userId: storedUserId });
export const tokenAnswer = z.object({ token: z.string(), expiresAt: isoTime });

/** A conversation without what depends on a viewer: unread count, positions and settings. */
export const serverConversationView = conversationView.omit({
  blocked: true,
  pinnedAt: true,
  mutedUntil: true,
  archived: true,
  markedUnread: true,
  deleted: true,
  unreadCount: true,
  lastReadSeq: true,
  lastDeliveredSeq: true,
});

export const openedAnswer = z.object({ conversationId, created: z.boolean() });
export const groupOpenedAnswer = openedAnswer.extend({ refused: z.array(refusedUser) });
export const membersAddedAnswer = z.object({ conversationId, refused: z.array(refusedUser) });
export const conversationIdAnswer = z.object({ conversationId });
/** `reopened` is false when the conversation was open. */
export const reopenedAnswer = z.object({ conversationId, reopened: z.boolean() });

export const messageStoredAnswer = z.object({
  messageId,
  conversationId,
  seq,
  clientMessageId,
  createdAt: isoTime,
  /** True when this `clientMessageId` of this sender was stored before. */
  duplicate: z.boolean(),
});

export const changedAnswer = z.object({ conversationId, seq, rev: seqOrZero });
