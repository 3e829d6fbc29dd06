import { z } from 'zod';
import { action, attachment, card, historyMode, location, messageKind, role } from './content.js';
import {
  clientMessageId,
  conversationId,
  emoji,
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

/** How often a message got a reaction, and whether the viewer gave it, too. */
export const reactionView = z.object({ emoji, count: z.int(), own: z.boolean() });
export type ReactionView = z.infer<typeof reactionView>;

/** What a reply shows of the message that it answers, as far as the viewer may see that. */
export const quoteView = z.object({
  seq,
  kind: z.enum([...messageKind.options, 'hidden', 'deleted']),
  senderId: userId.optional(),
  /** The beginning of its text. */
  content: z.string().optional(),
});
export type QuoteView = z.infer<typeof quoteView>;

export const messageView = z.object({
  _id: messageId,
  conversationId,
  seq,
  senderId: userId,
  sender: userView,
  clientMessageId: z.union([clientMessageId, z.string().regex(/^(sys|import):/)]),
  kind: messageKind,
  /** Empty for a deleted message, a system message, and where something else than text was sent. */
  content: z.string(),
  attachments: z.array(attachment),
  location: location.optional(),
  card: card.optional(),
  /** Of a system message: what happened. */
  action: action.optional(),
  /** The `seq` of the message that this one answers. */
  replyTo: seq.optional(),
  quoted: quoteView.optional(),
  reactions: z.array(reactionView),
  status: messageStatus,
  /**
   * In groups: how many of the others it has reached, and how many have read it; in large ones of the viewer's own
   * messages. For everything else, and in channels, there is `getReceipts`.
   */
  deliveredCount: z.int().optional(),
  readCount: z.int().optional(),
  pinned: z.boolean().optional(),
  createdAt: isoTime,
  updatedAt: isoTime,
  editedAt: isoTime.optional(),
  deletedAt: isoTime.optional(),
});
export type MessageView = z.infer<typeof messageView>;

/**
 * A place in the log that the viewer may not look into (before they joined, cleared, deleted for them, of somebody they
 * blocked, or not meant to be shown): named, so that nobody looks for a message that seems to be missing.
 */
export const hiddenView = z.object({
  kind: z.literal('hidden'),
  conversationId,
  seq,
  _id: z.undefined().optional(),
  senderId: z.undefined().optional(),
  sender: z.undefined().optional(),
  clientMessageId: z.undefined().optional(),
  content: z.undefined().optional(),
  attachments: z.undefined().optional(),
  replyTo: z.undefined().optional(),
  status: z.undefined().optional(),
  reactions: z.undefined().optional(),
  createdAt: z.undefined().optional(),
  editedAt: z.undefined().optional(),
  deletedAt: z.undefined().optional(),
  action: z.undefined().optional(),
});
export type HiddenView = z.infer<typeof hiddenView>;

/** One place of a conversation's log, as one viewer sees it. */
export const entryView = z.union([messageView, hiddenView]);
export type EntryView = z.infer<typeof entryView>;

export const sentMessageView = messageView.extend({
  /** True when this `clientMessageId` was stored before: nothing new was stored, this is the stored message. */
  duplicate: z.boolean(),
});
export type SentMessageView = z.infer<typeof sentMessageView>;

/** A member and how far they have come: every message up to `lastReadSeq` is read by them. */
export const memberView = userView.extend({
  role,
  lastReadSeq: seqOrZero,
  lastDeliveredSeq: seqOrZero,
});
export type MemberView = z.infer<typeof memberView>;

export const occasionView = occasionInput.extend({ startedBy: userId, at: isoTime });
export type OccasionView = z.infer<typeof occasionView>;

export const conversationView = z.object({
  _id: conversationId,
  type: z.enum(['direct', 'group', 'channel']),
  name: z.string().optional(),
  avatar: z.string().optional(),
  /** Large groups and channels name nobody here: ask `getMembers`. */
  participants: z.array(userId),
  members: z.array(memberView),
  createdBy: userId,
  memberCount: z.int(),
  /** More members than a small group: receipts are counted, not named. */
  isLarge: z.boolean(),
  history: historyMode,
  /** Whether anybody who knows it may join (channels). */
  open: z.boolean(),
  role,
  /** The first place that the viewer may see. */
  visibleFromSeq: seq,
  /** One of a direct conversation has closed it, or blocked the other: nobody can send. */
  closed: z.boolean(),
  /** The viewer has blocked the other one. */
  blocked: z.boolean(),
  pinnedMessages: z.array(seq),
  pinnedAt: isoTime.optional(),
  mutedUntil: isoTime.optional(),
  archived: z.boolean(),
  markedUnread: z.boolean(),
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

/** How far a message has come, where nobody is named. */
export const countsView = z.object({
  conversationId,
  seq,
  readCount: z.int(),
  deliveredCount: z.int(),
  /** Whom it was for: without its sender, without who joined later. */
  memberCount: z.int(),
});
export type CountsView = z.infer<typeof countsView>;

/** Somebody whom a message was for. What is there without its time was reached while the group was large. */
export const receiptView = z.object({
  userId,
  user: userView,
  delivered: z.boolean(),
  deliveredAt: isoTime.optional(),
  read: z.boolean(),
  readAt: isoTime.optional(),
});
export type ReceiptView = z.infer<typeof receiptView>;

/** A member's own state in a conversation, the same on all of their devices. */
export const ownView = positionView.extend({
  pinnedAt: isoTime.optional(),
  mutedUntil: isoTime.optional(),
  archived: z.boolean().optional(),
  markedUnread: z.boolean().optional(),
  clearedSeq: seqOrZero.optional(),
  /** Deleted by this member for themselves: off their list until the next message. */
  deleted: z.boolean().optional(),
  /** Places deleted for this member since their last `sync`. */
  hiddenSeqs: z.array(seq).optional(),
});
export type OwnView = z.infer<typeof ownView>;

/** One change of a message: what `rev` it made, and the message as the viewer sees it now. */
export const changeView = z.object({
  conversationId,
  /** Of an answer to what was so already: the end of the change log, 0 while nothing was ever changed. */
  rev: seqOrZero,
  kind: z.enum(['edit', 'delete', 'reaction', 'pin']),
  seq,
  userId,
  at: isoTime,
  message: entryView,
  emoji: emoji.optional(),
  on: z.boolean().optional(),
});
export type ChangeView = z.infer<typeof changeView>;

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
