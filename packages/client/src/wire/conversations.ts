import type { HistoryMode, OccasionInput, OccasionKind, Role } from './content.js';
import type { MessageView } from './messages.js';
import type { UserView } from './users.js';

/** A member with their positions. The member has read every message from `joinedSeq` to `lastReadSeq`. */
export interface MemberView extends UserView {
  role: Role;
  /**
   * `seq` of the entry that added the member; 0 in direct conversations. Joining moves both positions to the entry before
   * it, although the member has not seen the earlier messages.
   */
  joinedSeq: number;
  lastReadSeq: number;
  lastDeliveredSeq: number;
}

export interface OccasionView {
  kind: OccasionKind;
  id?: string | undefined;
  title?: string | undefined;
  startedBy: string;
  at: string;
}

export interface ConversationView {
  _id: string;
  type: 'direct' | 'group' | 'channel';
  name?: string | undefined;
  avatar?: string | undefined;
  /** Empty for large groups and channels: use `getMembers`. */
  participants: string[];
  members: MemberView[];
  createdBy: string;
  memberCount: number;
  /** True for large groups and for channels. Receipts are then counted and name no members. */
  isLarge: boolean;
  history: HistoryMode;
  /** True when any user who knows the id may join. */
  open: boolean;
  role: Role;
  /** First `seq` that the viewer may see. */
  visibleFromSeq: number;
  /** True when sending is impossible: one of the two users of a direct conversation has closed it or blocked the other. */
  closed: boolean;
  /** True when the viewer has blocked the other user of a direct conversation. */
  blocked: boolean;
  pinnedMessages: number[];
  pinnedAt?: string | undefined;
  mutedUntil?: string | undefined;
  archived: boolean;
  markedUnread: boolean;
  /** True when the viewer deleted the conversation. It is not on their list until the next message. */
  deleted?: boolean | undefined;
  messageCount: number;
  /** `seq` of the newest entry; 0 while the log is empty. */
  lastSeq: number;
  /** `rev` of the newest change (edit, deletion, reaction, pin); 0 while there is none. */
  rev: number;
  lastMessage?: MessageView | undefined;
  lastMessageAt: string;
  unreadCount: number;
  lastReadSeq: number;
  lastDeliveredSeq: number;
  occasions: OccasionView[];
  createdAt: string;
  updatedAt: string;
}

/** End of a conversation's log and of its change log. A client that holds less loads the difference. */
export interface HeadView {
  conversationId: string;
  lastSeq: number;
  rev: number;
}

export interface DirectInput {
  otherUserId: string;
  occasion?: OccasionInput | undefined;
}

export interface ListInput {
  limit?: number | undefined;
  cursor?: string | undefined;
  /** Default: all conversations that are not archived. */
  filter?: 'unread' | 'archived' | 'groups' | undefined;
}

export interface ConversationRef {
  conversationId: string;
}

export interface OneConversation {
  conversation: ConversationView;
}

export interface CreatedConversation {
  conversation: ConversationView;
  /** False when it existed before. */
  created: boolean;
}

export interface ConversationPage {
  conversations: ConversationView[];
  nextCursor?: string | undefined;
  /** Unread messages in all conversations that are not muted, independent of the page. */
  totalUnread: number;
  mutedUnread: number;
  /** First page only: cursor for a later `sync`, taken before the list was read. */
  syncCursor?: string | undefined;
}

export interface ConversationCommands {
  getOrCreateDirect: { payload: DirectInput; data: CreatedConversation };
  getConversations: { payload: ListInput; data: ConversationPage };
  getConversation: { payload: ConversationRef; data: OneConversation };
}
