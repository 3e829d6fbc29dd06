import type { UserView } from './users.js';
import type { MessageStatus } from './messages.js';

interface PositionFields {
  conversationId: string;
  userId: string;
  /** All messages up to this `seq` are delivered to the member. */
  deliveredSeq: number;
  /** The member has read all messages up to this `seq`. 0 when they have not, or when the receiver may not know. */
  readSeq: number;
  /** Set in answers to the member and in pushes to their own devices only. */
  unreadCount?: number | undefined;
  at: string;
}

/** Positions of one member: how far messages are delivered to them and read by them. */
export interface PositionView extends PositionFields {
  /** The position that moved. On the member's own devices: the command that moved it. */
  status: Exclude<MessageStatus, 'sent'>;
  /** Id of the message at that position, or of the nearest earlier one that the receiver sees; may be missing. */
  messageId?: string | undefined;
}

/** Positions and settings of a member in a conversation, for their own devices. */
export interface SettingsView extends PositionFields {
  pinnedAt?: string | undefined;
  mutedUntil?: string | undefined;
  archived?: boolean | undefined;
  markedUnread?: boolean | undefined;
  clearedSeq?: number | undefined;
  /** True when the member deleted the conversation. It is not on their list until the next message. */
  deleted?: boolean | undefined;
  /** `seq` of messages that the member deleted for themselves since their last `sync`. */
  hiddenSeqs?: number[] | undefined;
}

/** Receipt counts of one message. */
export interface CountsView {
  conversationId: string;
  seq: number;
  readCount: number;
  deliveredCount: number;
  /** Number of recipients: members at that `seq`, excluding the sender. */
  recipientCount: number;
}

/** Receipt of one recipient. Times are missing for receipts from when the group was large. */
export interface ReceiptView {
  userId: string;
  user: UserView;
  delivered: boolean;
  deliveredAt?: string | undefined;
  read: boolean;
  readAt?: string | undefined;
}

export interface MessageReceipts extends CountsView {
  /** Set in direct conversations and small groups. Large groups and channels have counts only. */
  members?: ReceiptView[] | undefined;
}

/** Either `seq` or `messageId`. */
export interface PositionInput {
  conversationId: string;
  seq?: number | undefined;
  messageId?: string | undefined;
}

/** At least one setting besides `conversationId`. */
export interface SettingsInput {
  conversationId: string;
  pinned?: boolean | undefined;
  /** `null` unmutes. For a mute without end, send a time far in the future. */
  mutedUntil?: string | null | undefined;
  archived?: boolean | undefined;
  markedUnread?: boolean | undefined;
}

export interface ReceiptCommands {
  'message:delivered': { payload: PositionInput; data: PositionView };
  'message:read': { payload: PositionInput; data: PositionView };
  getReceipts: { payload: { conversationId: string; seq: number }; data: MessageReceipts };
}

/** The user's own list: equal on all of their devices, not visible to others. */
export interface SettingsCommands {
  updateSettings: { payload: SettingsInput; data: { settings: SettingsView } };
  clearHistory: { payload: { conversationId: string }; data: { settings: SettingsView } };
  deleteConversation: { payload: { conversationId: string }; data: { settings: SettingsView } };
}
