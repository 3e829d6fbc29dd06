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

export type Role = 'owner' | 'admin' | 'member';

export interface Reaction {
  emoji: string;
  count: number;
  own: boolean;
}

/** What a reply shows of the message that it answers. */
export interface Quote {
  seq: number;
  kind: string;
  senderId?: string | undefined;
  content?: string | undefined;
}

export interface Attachment {
  kind: 'image' | 'voice' | 'file';
  url: string;
  name?: string | undefined;
  mimeType?: string | undefined;
  sizeBytes?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
  durationMs?: number | undefined;
  thumbnailUrl?: string | undefined;
}

export interface Place {
  latitude: number;
  longitude: number;
  title?: string | undefined;
}

export interface Card {
  kind: 'product' | 'order';
  id?: string | undefined;
  title: string;
  pictureUrl?: string | undefined;
  price?: { amount: string; currency: string } | undefined;
}

/** Of a system message: what happened to the group. */
export interface GroupEvent {
  type: string;
  members?: { userId: string; role: Role }[];
  userIds?: string[];
  userId?: string;
  role?: Role;
  name?: string;
  avatar?: string;
  successor?: string;
  open?: boolean;
  history?: 'all' | 'joined';
}

/** What a message may carry besides text. */
export interface Carried {
  attachments?: Attachment[] | undefined;
  location?: Place | undefined;
  card?: Card | undefined;
}

/** One place of a conversation's log. What may not be seen has a place, too: kind `hidden`, and nothing else. */
export interface Message extends Carried {
  _id: string;
  conversationId: string;
  /** Its place: 1, 2, 3 … without a gap. */
  seq: number;
  kind: 'text' | 'system' | 'image' | 'voice' | 'file' | 'location' | 'card' | 'hidden';
  senderId: string;
  sender?: User | undefined;
  clientMessageId: string;
  content: string;
  action?: GroupEvent | undefined;
  replyTo?: number | undefined;
  quoted?: Quote | undefined;
  reactions?: Reaction[] | undefined;
  status: 'sent' | 'delivered' | 'read';
  readCount?: number | undefined;
  pinned?: boolean | undefined;
  createdAt: string;
  editedAt?: string | undefined;
  deletedAt?: string | undefined;
  /** Kept here: the newest change that it shows. */
  rev?: number | undefined;
}

/** A place as the server sends it: what may not be seen has no fields. */
export type Entry = Pick<Message, 'conversationId' | 'seq'> & { kind: Message['kind'] } & Partial<Message>;

/** What happened to a message, and the message as it is now. */
export interface Change {
  conversationId: string;
  rev: number;
  kind: 'edit' | 'delete' | 'reaction' | 'pin';
  seq: number;
  userId: string;
  message: Entry;
  emoji?: string | undefined;
  on?: boolean | undefined;
}

/** A change that is not for this viewer: it counts, and changes nothing. */
export interface HiddenChange {
  conversationId: string;
  rev: number;
  kind: 'hidden';
}

export interface Occasion {
  kind: 'general' | 'product' | 'seller' | 'order';
  id?: string | undefined;
  title?: string | undefined;
}

export interface Member extends User {
  role: Role;
}

/** A conversation as the server sends it. */
export interface ConversationView {
  _id: string;
  type: 'direct' | 'group' | 'channel';
  name?: string | undefined;
  avatar?: string | undefined;
  participants: string[];
  members: (Member & { lastReadSeq: number; lastDeliveredSeq: number })[];
  memberCount: number;
  isLarge: boolean;
  history: 'all' | 'joined';
  open: boolean;
  role: Role;
  visibleFromSeq: number;
  closed: boolean;
  blocked: boolean;
  pinnedMessages: number[];
  pinnedAt?: string | undefined;
  mutedUntil?: string | undefined;
  archived: boolean;
  markedUnread: boolean;
  lastSeq: number;
  rev: number;
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
  type: 'direct' | 'group' | 'channel';
  name: string | undefined;
  avatar: string | undefined;
  /** Of a direct conversation; of others empty. */
  otherId: string;
  /** Members, except of large groups and channels. */
  people: Record<string, Member>;
  memberCount: number;
  isLarge: boolean;
  /** Whether anybody who knows it may join. */
  isOpen: boolean;
  history: 'all' | 'joined';
  /** One's own. */
  role: Role;
  visibleFromSeq: number;
  isClosed: boolean;
  /** By oneself. */
  isBlocked: boolean;
  pinnedMessages: number[];
  /** The change that `pinnedMessages` shows. */
  pinRev: number;
  pinnedAt: string | undefined;
  mutedUntil: string | undefined;
  isArchived: boolean;
  isMarkedUnread: boolean;
  /** By user id. */
  marks: Record<string, Mark>;
  lastSeq: number;
  /** The newest change there is. */
  rev: number;
  /** What is held here shows every change up to this one. */
  seenRev: number;
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

/** The viewer's settings of a conversation. A missing field is not set. */
export interface SettingsView extends Position {
  pinnedAt?: string | undefined;
  mutedUntil?: string | undefined;
  archived?: boolean | undefined;
  markedUnread?: boolean | undefined;
  clearedSeq?: number | undefined;
  deleted?: boolean | undefined;
  hiddenSeqs?: number[] | undefined;
}

/** A message of one's own that the server has not acknowledged. */
export interface Pending extends Carried {
  /** Made once, repeated on every retry. */
  clientMessageId: string;
  conversationId: string;
  content: string;
  replyTo?: number | undefined;
  /** A counter, not a clock. */
  order: number;
  /** For show only. */
  createdAt: string;
  state: 'waiting' | 'failed';
  /** Why it failed. */
  code?: string | undefined;
}

export interface Privacy {
  readReceipts: boolean;
  lastSeen: 'everyone' | 'contacts' | 'nobody';
  typing: boolean;
  addToGroups: 'everyone' | 'contacts' | 'nobody';
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
  /** Everybody whose name was told. */
  people: Record<string, User>;
  /** Single messages that were asked for and lie outside of what is loaded, by `conversation/seq`. */
  aside: Record<string, Message>;
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
  settings: SettingsView[];
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
  messages: Entry[];
  lastSeq: number;
  hasMore: boolean;
  reload?: boolean | undefined;
}

export interface ChangesAnswer {
  changes: (Change | HiddenChange)[];
  rev: number;
  hasMore: boolean;
  reload?: boolean | undefined;
}

export interface Failure {
  success: false;
  error: string;
  code: string;
  retryAfterMs?: number | undefined;
}

/** What is in it depends on the event; the server has parsed it by the contract before it sends it. */
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
  | { type: 'removed'; conversationId: string }
  | { type: 'message'; message: Entry }
  | {
      type: 'page';
      conversationId: string;
      answer: PageAnswer;
      /** `seenRev` when it was asked for: it may lack what was changed since. */
      seenRev: number | undefined;
    }
  | { type: 'aside'; message: Entry }
  | { type: 'change'; change: Change | HiddenChange; isAnswer?: boolean | undefined }
  | { type: 'changes'; conversationId: string; afterRev: number; answer: ChangesAnswer }
  | { type: 'logDropped'; conversationId: string }
  | { type: 'position'; position: Position }
  | { type: 'settings'; settings: SettingsView }
  /** Deleted for oneself. */
  | { type: 'hidden'; conversationId: string; seq: number }
  | { type: 'people'; people: readonly User[] }
  | { type: 'head'; conversationId: string; lastSeq: number; rev?: number | undefined }
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
