import { z } from 'zod';
import { action, attachmentView, cardView, historyMode, locationView, messageKind, role } from './content.js';
import {
  clientMessageId,
  conversationId,
  isoTime,
  messageId,
  occasionInput,
  seq,
  seqOrZero,
  storedUserId as userId,
} from './primitives.js';

/** Public profile of a user. Never contains an e-mail address or other claims of a token. */
export const userView = z.object({ _id: userId, name: z.string().optional(), avatar: z.string().optional() });
export type UserView = z.infer<typeof userView>;

/** Delivery status of a message. It only moves forward. `sending` and `failed` exist on clients only. */
export const messageStatus = z.enum(['sent', 'delivered', 'read']);
export type MessageStatus = z.infer<typeof messageStatus>;

/**
 * Number of reactions with one emoji. `own` is true when one of them is the viewer's. Messages from before reactions were
 * limited to emojis may have other texts.
 */
export const reactionView = z.object({ emoji: z.string(), count: z.int(), own: z.boolean() });
export type ReactionView = z.infer<typeof reactionView>;

/** Preview of the message that a reply answers. `hidden` when the viewer may not see that message. */
export const quoteView = z.object({
  seq,
  kind: z.enum([...messageKind.options, 'hidden', 'deleted']),
  senderId: userId.optional(),
  /** First characters of its text (`LIMITS.maxQuoteChars`). */
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
  /** Text or caption. Empty for deleted messages, system messages, and attachments, locations and cards without a caption. */
  content: z.string(),
  attachments: z.array(attachmentView),
  location: locationView.optional(),
  card: cardView.optional(),
  /** Set on system messages only. */
  action: action.optional(),
  /** `seq` of the message that this one answers. */
  replyTo: seq.optional(),
  quoted: quoteView.optional(),
  reactions: z.array(reactionView),
  status: messageStatus,
  /**
   * Number of recipients that the message was delivered to, and that have read it. Set in small groups, and in large
   * groups on the viewer's own messages. For other messages and for channels use `getReceipts`.
   */
  deliveredCount: z.int().optional(),
  readCount: z.int().optional(),
  pinned: z.boolean().optional(),
  /** Set for the app's backend only: sent under a restriction, so no other user sees it. Users never receive this field. */
  shadow: z.literal(true).optional(),
  createdAt: isoTime,
  updatedAt: isoTime,
  editedAt: isoTime.optional(),
  deletedAt: isoTime.optional(),
});
export type MessageView = z.infer<typeof messageView>;

/**
 * Placeholder for a log entry that the viewer may not see: written before they joined, cleared, deleted for them, sent by
 * a user they blocked, or internal. It keeps the sequence without gaps, so that clients do not try to load a missing message.
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

/** One entry of a conversation's log as one viewer sees it. */
export const entryView = z.union([messageView, hiddenView]);
export type EntryView = z.infer<typeof entryView>;

export const sentMessageView = messageView.extend({
  /** True when a message with this `clientMessageId` was stored before. Nothing new was stored; this is the stored message. */
  duplicate: z.boolean(),
});
export type SentMessageView = z.infer<typeof sentMessageView>;

/** A member with their positions. The member has read every message from `joinedSeq` to `lastReadSeq`. */
export const memberView = userView.extend({
  role,
  /**
   * `seq` of the entry that added the member; 0 in direct conversations. Joining moves both positions to the entry before
   * it, although the member has not seen the earlier messages.
   */
  joinedSeq: seqOrZero,
  lastReadSeq: seqOrZero,
  lastDeliveredSeq: seqOrZero,
});
export type MemberView = z.infer<typeof memberView>;

export const occasionView = z.object({
  kind: occasionInput.shape.kind,
  id: z.string().optional(),
  title: z.string().optional(),
  startedBy: userId,
  at: isoTime,
});
export type OccasionView = z.infer<typeof occasionView>;

export const conversationView = z.object({
  _id: conversationId,
  type: z.enum(['direct', 'group', 'channel']),
  name: z.string().optional(),
  avatar: z.string().optional(),
  /** Empty for large groups and channels: use `getMembers`. */
  participants: z.array(userId),
  members: z.array(memberView),
  createdBy: userId,
  memberCount: z.int(),
  /** True for groups above `LIMITS.sizes.small` and for channels. Receipts are then counted and name no members. */
  isLarge: z.boolean(),
  history: historyMode,
  /** True when any user who knows the id may join. */
  open: z.boolean(),
  role,
  /** First `seq` that the viewer may see. */
  visibleFromSeq: seq,
  /** True when sending is impossible: one of the two users of a direct conversation has closed it or blocked the other. */
  closed: z.boolean(),
  /** True when the viewer has blocked the other user of a direct conversation. */
  blocked: z.boolean(),
  pinnedMessages: z.array(seq),
  pinnedAt: isoTime.optional(),
  mutedUntil: isoTime.optional(),
  archived: z.boolean(),
  markedUnread: z.boolean(),
  /** True when the viewer deleted the conversation. It is not on their list until the next message. */
  deleted: z.boolean().optional(),
  messageCount: z.int(),
  /** `seq` of the newest entry; 0 while the log is empty. */
  lastSeq: seqOrZero,
  /** `rev` of the newest change (edit, deletion, reaction, pin); 0 while there is none. */
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

const positionFields = z.object({
  conversationId,
  userId,
  /** All messages up to this `seq` are delivered to the member. */
  deliveredSeq: seqOrZero,
  /** The member has read all messages up to this `seq`. 0 when they have not, or when the receiver may not know. */
  readSeq: seqOrZero,
  /** Set in answers to the member and in pushes to their own devices only. */
  unreadCount: z.int().optional(),
  at: isoTime,
});

/** Positions of one member: how far messages are delivered to them and read by them. */
export const positionView = positionFields.extend({
  /**
   * In pushes to other members: `read` when the read position moved, else `delivered`. In the answer to the member and in
   * pushes to their own devices: `read` after `message:read`, `delivered` after `message:delivered`. `delivered` without
   * `messageId` when only `unreadCount` changed.
   */
  status: messageStatus.exclude(['sent']),
  /**
   * Id of the message at `readSeq` (status `read`) or `deliveredSeq` (status `delivered`). When the receiver cannot see
   * that entry (a membership event, a message of a user they have blocked, one from before they joined), it is the id of the
   * nearest earlier message that they see. Left out when there is none, or none among the last entries before the position.
   * All earlier messages have at least this status, too; clients that keep messages by `seq` need only the positions.
   */
  messageId: messageId.optional(),
});
export type PositionView = z.infer<typeof positionView>;

/** Receipt counts of one message. */
export const countsView = z.object({
  conversationId,
  seq,
  readCount: z.int(),
  deliveredCount: z.int(),
  /** Number of recipients: members at that `seq`, excluding the sender. */
  recipientCount: z.int(),
});
export type CountsView = z.infer<typeof countsView>;

/**
 * A user who was not added to a group, and why. `FORBIDDEN`: their privacy settings or a block do not allow it (which of
 * the two is not revealed). `LIMIT_EXCEEDED`: they are in `LIMITS.maxLarge` large groups and channels already.
 * `RATE_LIMITED`: the caller has used up the daily limit for users who never wrote to them (bucket `addStranger`).
 */
export const refusedUser = z.object({
  userId,
  code: z.enum(['FORBIDDEN', 'LIMIT_EXCEEDED', 'RATE_LIMITED']),
});
export type RefusedUser = z.infer<typeof refusedUser>;

/** Receipt of one recipient. Times are missing for receipts from when the group was large. */
export const receiptView = z.object({
  userId,
  user: userView,
  delivered: z.boolean(),
  deliveredAt: isoTime.optional(),
  read: z.boolean(),
  readAt: isoTime.optional(),
});
export type ReceiptView = z.infer<typeof receiptView>;

/** Positions and settings of a member in a conversation, for their own devices. They apply on all of them. */
export const settingsView = positionFields.extend({
  pinnedAt: isoTime.optional(),
  mutedUntil: isoTime.optional(),
  archived: z.boolean().optional(),
  markedUnread: z.boolean().optional(),
  clearedSeq: seqOrZero.optional(),
  /** True when the member deleted the conversation. It is not on their list until the next message. */
  deleted: z.boolean().optional(),
  /** `seq` of messages that the member deleted for themselves since their last `sync`. */
  hiddenSeqs: z.array(seq).optional(),
});
export type SettingsView = z.infer<typeof settingsView>;

export const CHANGE_KINDS = ['edit', 'delete', 'reaction', 'pin'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One change of a message, with the message as the viewer sees it now. */
export const shownChangeView = z.object({
  conversationId,
  /**
   * Number of the change in its conversation's change log. In an answer to a command that changed nothing: the end of the
   * change log, 0 while it is empty.
   */
  rev: seqOrZero,
  kind: z.enum(CHANGE_KINDS),
  seq,
  userId,
  at: isoTime,
  message: entryView,
  emoji: z.string().optional(),
  on: z.boolean().optional(),
});
export type ShownChangeView = z.infer<typeof shownChangeView>;

/**
 * Placeholder for a change that the viewer may not see: made under a restriction, or a reaction of a user they blocked. It
 * keeps the sequence without gaps. The viewer's copy of the message stays as it is.
 */
export const hiddenChangeView = z.object({
  conversationId,
  rev: seqOrZero,
  kind: z.literal('hidden'),
  seq: z.undefined().optional(),
  userId: z.undefined().optional(),
  at: z.undefined().optional(),
  message: z.undefined().optional(),
  emoji: z.undefined().optional(),
  on: z.undefined().optional(),
});
export type HiddenChangeView = z.infer<typeof hiddenChangeView>;

/** One entry of a conversation's change log as one viewer sees it. */
export const changeView = z.union([shownChangeView, hiddenChangeView]);
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

/** End of a conversation's log and of its change log. A client that holds less loads the difference. */
export const headView = z.object({ conversationId, lastSeq: seqOrZero, rev: seqOrZero });
export type HeadView = z.infer<typeof headView>;
