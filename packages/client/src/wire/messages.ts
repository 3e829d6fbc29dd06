import type { Action, Attachment, Card, Location, MessageKind, SentAttachment } from './content.js';
import type { UserView } from './users.js';

/** Delivery status of a message as the server knows it. It only moves forward. */
export type MessageStatus = 'sent' | 'delivered' | 'read';

/** Number of reactions with one emoji. `own` is true when one of them is the viewer's. */
export interface ReactionView {
  emoji: string;
  count: number;
  own: boolean;
}

/** Preview of the message that a reply answers. `hidden` when the viewer may not see that message. */
export interface QuoteView {
  seq: number;
  kind: MessageKind | 'hidden' | 'deleted';
  senderId?: string | undefined;
  /** First characters of its text (`LIMITS.maxQuoteChars`). */
  content?: string | undefined;
}

export interface MessageView {
  _id: string;
  conversationId: string;
  /** Sequence number in its conversation's log: 1, 2, 3 … without gaps. */
  seq: number;
  senderId: string;
  sender: UserView;
  /** Idempotency key of its sender's device; `sys:…` and `import:…` are the server's. */
  clientMessageId: string;
  kind: MessageKind;
  /** Text or caption. Empty for deleted messages, system messages, and contents without a caption. */
  content: string;
  attachments: Attachment[];
  location?: Location | undefined;
  card?: Card | undefined;
  /** Set on system messages only. */
  action?: Action | undefined;
  /** `seq` of the message that this one answers. */
  replyTo?: number | undefined;
  quoted?: QuoteView | undefined;
  reactions: ReactionView[];
  status: MessageStatus;
  /** Recipients that it was delivered to. Set in small groups, and in large groups on the viewer's own messages. */
  deliveredCount?: number | undefined;
  /** Recipients that have read it. Set like `deliveredCount`. */
  readCount?: number | undefined;
  /** Set for the app's backend only: users never receive it. */
  shadow?: true | undefined;
  pinned?: boolean | undefined;
  /** Times of the server, ISO 8601 in UTC. */
  createdAt: string;
  updatedAt: string;
  editedAt?: string | undefined;
  deletedAt?: string | undefined;
}

/** Placeholder for a log entry that the viewer may not see. It keeps the sequence without gaps. */
export interface HiddenView {
  kind: 'hidden';
  conversationId: string;
  seq: number;
  _id?: undefined;
  senderId?: undefined;
  sender?: undefined;
  clientMessageId?: undefined;
  content?: undefined;
  attachments?: undefined;
  replyTo?: undefined;
  status?: undefined;
  reactions?: undefined;
  createdAt?: undefined;
  editedAt?: undefined;
  deletedAt?: undefined;
  action?: undefined;
}

/** One entry of a conversation's log as one viewer sees it. */
export type EntryView = MessageView | HiddenView;

export interface SentMessageView extends MessageView {
  /** True when a message with this `clientMessageId` was stored before. Nothing new was stored; this is the stored one. */
  duplicate: boolean;
}

/** A message to send: text, or at most one of attachments, location and card with the text as its caption. */
export interface SendInput {
  conversationId: string;
  clientMessageId: string;
  content?: string | undefined;
  replyTo?: number | undefined;
  attachments?: SentAttachment[] | undefined;
  location?: Location | undefined;
  card?: Card | undefined;
}

/** At most one of `before`, `after` and `around`; none of them means the newest page. */
export interface HistoryInput {
  conversationId: string;
  before?: number | undefined;
  after?: number | undefined;
  around?: number | undefined;
  limit?: number | undefined;
}

export interface MessagePage {
  /** Oldest first, without gaps: a page is one range of `seq`. */
  messages: EntryView[];
  lastSeq: number;
  /** Whether there are more messages in the requested direction (backwards, unless `after` was given). */
  hasMore: boolean;
  /** True when the client named a `seq` that this database does not have, because it was restored: discard, load again. */
  reload?: boolean | undefined;
}

/** `words`, `senderId` or both. Default: in all conversations of the caller. */
export interface SearchInput {
  conversationId?: string | undefined;
  /** Words or beginnings of words. A message must have all of them; at most `LIMITS.maxSearchWords`. */
  words?: string | undefined;
  senderId?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface SearchPage {
  messages: MessageView[];
  /** A page may be short or empty without being the last; the last one has no `nextCursor`. */
  nextCursor?: string | undefined;
}

export interface MessageCommands {
  sendMessage: { payload: SendInput; data: SentMessageView };
  getMessages: { payload: HistoryInput; data: MessagePage };
  searchMessages: { payload: SearchInput; data: SearchPage };
}
