/**
 * What the page holds. Types only: no browser ever loads this file. The shapes of the wire are those of the server's
 * contract; only what the page uses is named here.
 */

export interface User {
  _id: string;
  name?: string | undefined;
  avatar?: string | undefined;
}

export interface DemoUser extends User {
  token: string;
}

export interface Message {
  _id: string;
  conversationId: string;
  /** Its place: 1, 2, 3 … without a gap. */
  seq: number;
  senderId: string;
  clientMessageId: string;
  content: string;
  replyTo?: number | undefined;
  status: 'sent' | 'delivered' | 'read';
  createdAt: string;
  editedAt?: string | undefined;
  deletedAt?: string | undefined;
}

export interface Occasion {
  kind: 'general' | 'product' | 'seller' | 'order';
  id?: string | undefined;
  title?: string | undefined;
}

/** A conversation as the server sends it. */
export interface ConversationView {
  _id: string;
  participants: string[];
  members: (User & { lastReadSeq: number; lastDeliveredSeq: number })[];
  lastSeq: number;
  lastMessage?: Message | undefined;
  lastMessageAt: string;
  unreadCount: number;
  lastReadSeq: number;
  lastDeliveredSeq: number;
  occasions: Occasion[];
}

/** How far somebody has come; only ever forward. */
export interface Mark {
  read: number;
  delivered: number;
}

/** A conversation as the page keeps it. */
export interface Conversation {
  id: string;
  otherId: string;
  people: Record<string, User>;
  /** By user id. */
  marks: Record<string, Mark>;
  lastSeq: number;
  lastMessage: Message | undefined;
  lastMessageAt: string;
  occasions: Occasion[];
  /** The server's count of what is unread in (from, upTo]. */
  counted: { unread: number; from: number; upTo: number };
}

export interface Position {
  conversationId: string;
  userId: string;
  deliveredSeq: number;
  readSeq: number;
  unreadCount?: number | undefined;
}

/** A message of one's own that the server has not acknowledged. */
export interface Pending {
  /** Made once, repeated on every retry. */
  clientMessageId: string;
  conversationId: string;
  content: string;
  /** A counter, not a clock. */
  order: number;
  /** For show only. */
  createdAt: string;
  state: 'waiting' | 'failed';
  /** Why it failed. */
  code?: string | undefined;
}

export interface Presence {
  status: 'online' | 'offline';
  lastSeenAt?: string | undefined;
}

export interface Connection {
  status: 'connecting' | 'online' | 'waiting' | 'draining' | 'ended';
  reason?: string | undefined;
}

export interface State {
  me: string;
  conversations: Record<string, Conversation>;
  /** Ascending by `seq`; a log may have holes. */
  logs: Record<string, readonly Message[]>;
  /** Ascending by `order`. */
  outbox: readonly Pending[];
  /** What was seen here, perhaps not yet told to the server. */
  reads: Record<string, number>;
  /** Who types, by conversation. */
  typing: Record<string, string>;
  /** By user id. */
  presence: Record<string, Presence>;
  /** The history of a conversation. */
  loading: Record<string, 'loading' | 'failed'>;
  openId: string | undefined;
  /** Where the next page of the list begins. */
  listCursor: string | undefined;
  listComplete: boolean;
  /** Whether the list is known at all. */
  listed: boolean;
  /** Unread in conversations that are not held here. */
  unreadElsewhere: number;
  /** What to give `sync`; opaque. */
  cursor: string | undefined;
  epoch: string | undefined;
  /** How often everything was forgotten: an answer from before is not used. */
  era: number;
  connection: Connection;
}

export interface SyncAnswer {
  conversations: ConversationView[];
  own: Position[];
  removed: string[];
  cursor: string;
  hasMore: boolean;
  epoch: string;
  reload?: boolean | undefined;
  totalUnread: number;
}

export interface ListAnswer {
  conversations: ConversationView[];
  nextCursor?: string | undefined;
  totalUnread: number;
  syncCursor?: string | undefined;
}

export interface PageAnswer {
  messages: Message[];
  lastSeq: number;
  hasMore: boolean;
  reload?: boolean | undefined;
}

export interface Failure {
  success: false;
  error: string;
  code: string;
  retryAfterMs?: number | undefined;
}

export type Answer = { success: true; data: any } | Failure;

/** Asks the server; never rejects. */
export type Ask = (event: string, payload: object) => Promise<Answer>;

/** Why the server lets go, and whether to come back. */
export interface Goodbye {
  code: string;
  reason: string;
  reconnect: boolean;
  afterMs?: number | undefined;
}

export type Cached = Pick<
  State,
  'conversations' | 'logs' | 'listCursor' | 'listComplete' | 'unreadElsewhere' | 'cursor' | 'epoch'
>;

export type Action =
  | { type: 'restored'; cached: Cached }
  | { type: 'forgotten' }
  | { type: 'conversations'; conversations: ConversationView[] }
  | { type: 'listed'; answer: ListAnswer; first: boolean }
  | { type: 'synced'; answer: SyncAnswer }
  | { type: 'message'; message: Message }
  | { type: 'page'; conversationId: string; answer: PageAnswer }
  | { type: 'position'; position: Position }
  | { type: 'head'; conversationId: string; lastSeq: number }
  | { type: 'opened'; conversationId: string | undefined }
  | { type: 'seen'; conversationId: string; seq: number }
  | { type: 'history'; conversationId: string; state: 'loading' | 'failed' | 'idle' }
  | { type: 'queued'; entries: readonly Pending[] }
  | { type: 'failed'; clientMessageId: string; code: string }
  | { type: 'unqueued'; clientMessageId: string }
  | { type: 'typing'; conversationId: string; userId: string; typing: boolean }
  | { type: 'presence'; presences: ({ userId: string } & Presence)[] }
  | { type: 'connection'; connection: Connection };

export interface Store {
  getState: () => State;
  dispatch: (action: Action) => void;
  subscribe: (listener: () => void) => () => void;
}
