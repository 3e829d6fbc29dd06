import { z } from 'zod';
import {
  clientMessageId,
  conversationId,
  cursor,
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

/** One act, or one attempt. Ids only, never text. */
export const auditEntryView = z.object({
  _id: z.string(),
  at: isoTime,
  /** `key`: an API key. `moderator`: a user with that role. `operator`: somebody at the server's command line. */
  actor: z.object({
    kind: z.enum(['key', 'moderator', 'operator']),
    /** Id of the key or the user; name of the operator's account. */
    id: z.string(),
    /** Name of the key. */
    name: z.string().optional(),
  }),
  /** Name of the endpoint, the command, or the script with its action. */
  action: z.string(),
  /** Remote address, or the host name of the machine. */
  from: z.string().optional(),
  targets: z.object({
    userIds: z.array(z.string()).optional(),
    conversationId: z.string().optional(),
    seq: z.int().optional(),
    reportId: z.string().optional(),
    keyId: z.string().optional(),
    webhookId: z.string().optional(),
  }),
  /** `OK`, or the code of the failure. Missing when the server died during the act: it may have happened or not. */
  outcome: z.string().optional(),
});
export type AuditEntryView = z.infer<typeof auditEntryView>;

export const auditAnswer = z.object({ entries: z.array(auditEntryView), nextCursor: cursor.optional() });
