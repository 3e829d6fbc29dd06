import type { ClientErrorCode } from '../errors/parleyError.js';
import type {
  Card,
  CloseCode,
  ErrorCode,
  HiddenView,
  HistoryMode,
  Location,
  MessageView,
  OccasionView,
  Role,
  SentAttachment,
  UserView,
} from '../wire/index.js';

/** A message as it is held on the device. */
export interface Message extends MessageView {
  /** Newest change (`rev` of the conversation's change log) that this copy shows. */
  rev?: number | undefined;
}

/** One entry of a conversation's log. Entries that the user may not see keep their `seq`, so that they are not requested again. */
export type LogEntry = Message | HiddenView;

export interface Member extends UserView {
  role: Role;
  /** `seq` of the entry that added the member; 0 in direct conversations. */
  joinedSeq: number;
}

/** How far one member has come. Both only move forward. */
export interface MemberPosition {
  read: number;
  delivered: number;
}

/** A conversation as the root state holds it. */
export interface ConversationRecord {
  id: string;
  type: 'direct' | 'group' | 'channel';
  name: string | undefined;
  avatar: string | undefined;
  /** The other user of a direct conversation; empty for groups and channels. */
  otherUserId: string;
  /** By user id. Empty for large groups and channels: use `getMembers`. */
  members: Readonly<Record<string, Member>>;
  memberCount: number;
  /** True for large groups and channels. Their receipts are counted, and their messages come live only while they are open. */
  isLarge: boolean;
  /** True when any user who knows the id may join. */
  isJoinable: boolean;
  history: HistoryMode;
  /** Role of this user. */
  role: Role;
  /** First `seq` that this user may see. */
  visibleFromSeq: number;
  /** True when sending is impossible: one of the two users of a direct conversation has closed it or blocked the other. */
  isClosed: boolean;
  /** True when this user has blocked the other one. */
  isBlocked: boolean;
  /** `seq` of the pinned messages. */
  pinnedMessages: readonly number[];
  /** Newest change that `pinnedMessages` shows. */
  pinRev: number;
  pinnedAt: string | undefined;
  mutedUntil: string | undefined;
  isArchived: boolean;
  isMarkedUnread: boolean;
  /** True when the user has deleted the conversation and opened it again. It is on no list until its next message. */
  isDeleted: boolean;
  /** By user id. */
  positions: Readonly<Record<string, MemberPosition>>;
  /** `seq` of the newest entry. */
  lastSeq: number;
  /** Newest change that exists. */
  rev: number;
  /** The held messages show every change up to this one. */
  seenRev: number;
  /** Grows when stored messages of this conversation must not be shown any more. */
  logVersion: number;
  lastMessage: Message | undefined;
  /** Time of the newest message, by the server's clock. Orders the list. */
  lastMessageAt: string;
  occasions: readonly OccasionView[];
  createdAt: string;
  /** The server's count of unread messages in (`fromSeq`, `toSeq`]. */
  unreadBase: UnreadBase;
}

export interface UnreadBase {
  count: number;
  fromSeq: number;
  toSeq: number;
}

/** A conversation as apps read it. The same object is returned until one of its fields has changed. */
export interface Conversation extends ConversationRecord {
  /** Unread messages of other users. */
  unreadCount: number;
  /** The user has read up to this `seq`, on any device or on this one. */
  readSeq: number;
  isMuted: boolean;
}

/** Content of a message besides text; at most one of the three. */
export interface CarriedContent {
  attachments?: readonly SentAttachment[] | undefined;
  location?: Location | undefined;
  card?: Card | undefined;
}

/** A message of this user that the server has not acknowledged. */
export interface PendingMessage extends CarriedContent {
  /** Made once, repeated on every attempt. */
  clientMessageId: string;
  conversationId: string;
  /** Text or caption. */
  content: string;
  replyTo?: number | undefined;
  /** Position in the outbox: a counter, not a clock. */
  order: number;
  /** Time on the device's clock, for display only. */
  createdAt: string;
  status: 'pending' | 'failed';
  /** Reason of the failure. */
  code?: string | undefined;
  /** Ids of its uploads (`client.uploads`), in the order in which the message shows them. */
  uploads?: readonly string[] | undefined;
  /**
   * Work to be done before this message can be sent (an upload), as JSON that survives a restart. While it is set, later
   * messages of the conversation overtake this one. `OutboxDeps.prepare` does the work.
   */
  preparation?: unknown;
}

export interface Presence {
  status: 'online' | 'offline';
  /** Time on the server's clock when the user was last online. */
  lastSeenAt?: string | undefined;
}

/**
 * `idle`: before `connect` and after `disconnect`. `connecting`: the first attempt. `syncing`: connected, catching up.
 * `online`: connected and synchronised. `reconnecting`: between attempts. `draining`: the server is shutting down and has
 * said when to return. `ended`: the SDK does not reconnect until `connect` is called again.
 */
export interface ConnectionState {
  status: 'idle' | 'connecting' | 'syncing' | 'online' | 'reconnecting' | 'draining' | 'ended';
  /** Why there is no connection, for developers: the server's sentence where it has said one. Also while `reconnecting`. */
  reason?: string | undefined;
  /**
   * Why there is no connection: the server's code; `OFFLINE` when no Parley server was reached or the connection was lost;
   * `TIMEOUT` when it does not answer. Absent while `getToken` fails.
   */
  code?: ErrorCode | ClientErrorCode | CloseCode | undefined;
}

/** A conversation that is displayed somewhere. */
export interface OpenConversation {
  /** Number of `open` calls without their `close`. */
  count: number;
  /** First unread `seq` at the time of the first `open`. */
  firstUnreadSeq: number | undefined;
}

/** Everything that the client knows. Immutable: unchanged parts keep their references. */
export interface ClientState {
  /** Empty until the user is known. */
  userId: string;
  conversations: Readonly<Record<string, ConversationRecord>>;
  /** By conversation id; ascending by `seq`, each `seq` once, possibly with gaps. */
  logs: Readonly<Record<string, readonly LogEntry[]>>;
  /** Ascending by `order`. */
  outbox: readonly PendingMessage[];
  /** By conversation id: `seq` up to which the user has seen messages on this device, perhaps not reported yet. */
  reads: Readonly<Record<string, number>>;
  /** Ids of users who are typing, by conversation id. */
  typing: Readonly<Record<string, readonly string[]>>;
  /** By user id. */
  presence: Readonly<Record<string, Presence>>;
  /** Names and pictures of all users seen so far, by user id. */
  users: Readonly<Record<string, UserView>>;
  /** Single messages loaded for quotes and pins, outside of the logs: see `asideKey`. */
  aside: Readonly<Record<string, LogEntry>>;
  /** By conversation id. */
  loading: Readonly<Record<string, 'loading' | 'failed'>>;
  /** By conversation id. */
  open: Readonly<Record<string, OpenConversation>>;
  /** Beginning of the next page of the list. */
  listCursor: string | undefined;
  isListComplete: boolean;
  /** By filter: beginning of the next page of the filtered list, null at its end. */
  filterCursors: Readonly<Record<string, string | null>>;
  /** True when the list came from the storage or from the server. */
  isListLoaded: boolean;
  /** Unread messages in conversations that are not held. */
  unreadElsewhere: number;
  /** Opaque argument of the next `sync`. */
  cursor: string | undefined;
  /** Identifies the server's history. */
  epoch: string | undefined;
  /** Number of times that everything was dropped. Answers to requests from before are ignored. */
  generation: number;
  /** The server's clock minus the device's, in ms, as far as known. */
  clockOffsetMs: number;
  connection: ConnectionState;
}
