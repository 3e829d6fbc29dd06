import { z } from 'zod';
import {
  clientMessageId,
  conversationId,
  isoTime,
  messageId,
  occasionInput,
  seq,
  seqOrZero,
  userId,
} from './primitives.js';

/** What anyone in a conversation may see of a user: never an e-mail address, never a token's other claims. */
export const userView = z.object({ _id: userId, name: z.string().optional(), avatar: z.string().optional() });
export type UserView = z.infer<typeof userView>;

/** `sending` and `failed` are a client's own; the server knows these three, and they only move forward. */
export const messageStatus = z.enum(['sent', 'delivered', 'read']);
export type MessageStatus = z.infer<typeof messageStatus>;

export const messageView = z.object({
  _id: messageId,
  conversationId,
  seq,
  senderId: userId,
  sender: userView,
  clientMessageId,
  kind: z.enum(['text']),
  content: z.string(),
  attachments: z.array(z.never()),
  /** The `seq` of the message that this one answers. */
  replyTo: seq.optional(),
  reactions: z.array(z.never()),
  status: messageStatus,
  createdAt: isoTime,
  updatedAt: isoTime,
  editedAt: isoTime.optional(),
  deletedAt: isoTime.optional(),
});
export type MessageView = z.infer<typeof messageView>;

export const sentMessageView = messageView.extend({
  /** True when this `clientMessageId` was stored before: nothing new was stored, this is the stored message. */
  duplicate: z.boolean(),
});
export type SentMessageView = z.infer<typeof sentMessageView>;

/** A member and how far they have come: every message up to `lastReadSeq` is read by them. */
export const memberView = userView.extend({
  role: z.enum(['member']),
  lastReadSeq: seqOrZero,
  lastDeliveredSeq: seqOrZero,
});
export type MemberView = z.infer<typeof memberView>;

export const occasionView = occasionInput.extend({ startedBy: userId, at: isoTime });
export type OccasionView = z.infer<typeof occasionView>;

export const conversationView = z.object({
  _id: conversationId,
  type: z.enum(['direct']),
  participants: z.array(userId),
  members: z.array(memberView),
  createdBy: userId,
  memberCount: z.int(),
  messageCount: z.int(),
  /** The newest message's `seq`; 0 before the first. */
  lastSeq: seqOrZero,
  /** The newest change's number (edits, deletions, reactions); 0 before the first. */
  rev: seqOrZero,
  lastMessage: messageView.optional(),
  lastMessageAt: isoTime,
  unreadCount: z.int(),
  lastReadSeq: seqOrZero,
  lastDeliveredSeq: seqOrZero,
  occasions: z.array(occasionView),
  createdAt: isoTime,
  updatedAt: isoTime,
});
export type ConversationView = z.infer<typeof conversationView>;

/** How far one member has come. `unreadCount` is there on answers to that member and on pushes to their devices. */
export const positionView = z.object({
  conversationId,
  userId,
  deliveredSeq: seqOrZero,
  readSeq: seqOrZero,
  unreadCount: z.int().optional(),
  at: isoTime,
});
export type PositionView = z.infer<typeof positionView>;

export const presenceView = z.object({
  userId,
  status: z.enum(['online', 'offline']),
  lastSeenAt: isoTime.optional(),
});
export type PresenceView = z.infer<typeof presenceView>;

export const typingView = z.object({
  conversationId,
  userId,
  typing: z.boolean(),
  expiresInMs: z.int(),
});
export type TypingView = z.infer<typeof typingView>;

/** The newest numbers of a conversation: a client that has less asks for what it lacks. */
export const headView = z.object({ conversationId, lastSeq: seqOrZero, rev: seqOrZero });
export type HeadView = z.infer<typeof headView>;
