/**
 * The record of a run: actions and observations of clients (`StormEvent`, ordered by one clock), and the content of the
 * database at the end (`FinalState`). Plain data, which is written to a file and read back unchanged.
 */

/** The `_id` of an entry that is hidden from a user. */
export const HIDDEN = 'hidden';

/** A message as a client saw it, or as it is stored. */
export interface SeenMessage {
  _id: string;
  conversationId: string;
  seq: number;
  senderId: string;
  clientMessageId: string;
  content: string;
  status?: Status | undefined;
}

export type Status = 'sent' | 'delivered' | 'read';

/** A position of a member as shown to a client. */
export interface SeenPosition {
  conversationId: string;
  userId: string;
  readSeq: number;
  deliveredSeq: number;
}

/** A conversation as `sync`, a list or a push showed it to a client. */
export interface SeenConversation {
  conversationId: string;
  participants: string[];
  lastSeq: number;
  messageCount: number;
  unreadCount: number;
  lastReadSeq: number;
  lastMessageId?: string | undefined;
  positions: SeenPosition[];
}

/** State of a device at the end: for each conversation its message ids in the order of `seq`, from 1 on. */
export type Holdings = Record<string, string[]>;

interface Happening {
  /** Ms since the start of the run, by the clock of the runner (clocks of clients may be wrong). */
  at: number;
  /** Device, as `user/number`. */
  client: string;
  user: string;
  /** The server that the device was connected to. */
  server?: string | undefined;
}

interface EventData {
  connected: object;
  disconnected: { reason: string };
  /** A message is sent, for the first time or again. */
  send: { conversationId: string; clientMessageId: string; content: string; attempt: number };
  acked: { message: SeenMessage; duplicate: boolean };
  /** A final refusal of a message. */
  refused: { conversationId: string; clientMessageId: string; content: string; code: string };
  /** A message received live (`message:new`). */
  heard: { message: SeenMessage };
  /** Lookup of a message in the database by the runner, directly after it was received live. */
  spotCheck: { messageId: string; found: boolean };
  page: {
    conversationId: string;
    /** Time of the request: everything acknowledged before must be included. */
    askedAt: number;
    /** First `seq` that the page covers; undefined for the newest page. */
    fromSeq?: number | undefined;
    /** Last `seq` requested; undefined for the tail. */
    toSeq?: number | undefined;
    limit: number;
    messages: SeenMessage[];
    lastSeq: number;
  };
  /** The answer to `message:read` or `message:delivered`. */
  advanced: SeenPosition & {
    askedAt: number;
    askedSeq: number;
    /** True for `message:read`, false for `message:delivered`. */
    wasRead: boolean;
    unreadCount?: number | undefined;
  };
  /** A position or status received live (`message:status`). */
  status: SeenPosition;
  synced: { askedAt: number; conversations: SeenConversation[]; own: SeenPosition[]; totalUnread: number };
  opened: { withUser: string; conversationId: string; created: boolean };
  /** Any other push about a conversation (created, updated, typing), with a `seq` if it has one. */
  told: {
    push: string;
    conversationId: string;
    seq?: number | undefined;
    conversation?: SeenConversation | undefined;
  };
  /** A push about another user (presence). */
  toldOf: { push: string; aboutUser: string };
  /** The answer to a command that the user has no right to (`OK` or a code). */
  trespass: { command: string; conversationId: string; code: string };
  /** A command that failed in a way that no fault explains. */
  surprise: { command: string; code: string; conversationId?: string | undefined };
  /** A promise of the server that the SDK has found broken; `details` as JSON. */
  violation: { promise: string; conversationId: string; details: string };
  /** State that the device has collected live and by `sync`, after the run. */
  final: { holdings: Holdings };
  /** The whole history, read again from the start by the same user. */
  fresh: { holdings: Holdings };
  /** The list and the totals, after the run. */
  counted: { conversations: SeenConversation[]; totalUnread: number; unreadEndpoint: number };
}

export type EventKind = keyof EventData;
export type EventOf<Kind extends EventKind> = Happening & { kind: Kind } & EventData[Kind];
/** One line of a client's log. */
export type StormEvent = { [Kind in EventKind]: EventOf<Kind> }[EventKind];
/** An event as a client reports it; the log adds time and client. */
export type Entry = { [Kind in EventKind]: { kind: Kind } & EventData[Kind] }[EventKind];

/** A membership and its range of entries: members who joined later or left receive only those in between. */
export interface Membership {
  userId: string;
  /** The first visible `seq`. */
  fromSeq: number;
  /** `seq` of the entry that added the member; 0 for a pair. By default `fromSeq`. */
  joinedSeq?: number | undefined;
  /** The last visible `seq`; undefined while the user is a member. */
  untilSeq?: number | undefined;
  /** True when the user left a channel voluntarily: it stays readable. */
  leftFreely?: boolean | undefined;
}

export interface FinalConversation {
  _id: string;
  type: string;
  /** The sorted pair of a direct conversation. */
  pairKey?: string | undefined;
  members: Membership[];
  /** From the stored summary. */
  lastSeq: number;
  messageCount: number;
  lastMessageId?: string | undefined;
}

export interface FinalMessage extends SeenMessage {
  /** Number of counted messages up to this one. */
  n: number;
  /** True for membership events: not counted, and not sent by clients as messages. */
  isMembershipEvent?: boolean | undefined;
  /** True for entries that are never shown. */
  isSilent?: boolean | undefined;
}

/** Content of the database after the run, read without a server. */
export interface FinalState {
  conversations: FinalConversation[];
  messages: FinalMessage[];
  positions: SeenPosition[];
}

export interface History {
  seed: number;
  events: StormEvent[];
  final: FinalState;
}

/** The rules, each with the promise that it checks. */
export const RULES = {
  lost: 'no acknowledged message is lost',
  twice: 'no message is stored twice, and a retry is answered with the same message',
  gap: 'seq is 1, 2, 3 … without a gap or a repeat',
  foreign: 'nothing is stored that nobody sent, or that was refused',
  order: 'what was acknowledged before another message was sent has the smaller seq',
  live: 'what is heard live is stored, and was when it was heard',
  stale: 'what was acknowledged is in every page that is asked for later',
  history: 'everybody ends with the same history in the same order as the database',
  backwards: 'positions and statuses never go back, and none is told that is not true',
  pair: 'one conversation per pair',
  leak: 'nobody receives, reads or writes what is not theirs',
  unread: 'unread counts are exact at the end',
  summary: 'last message, totals and message counts are right at the end',
  refusal: 'no member is refused without a reason',
  witness: 'no client has seen a promise broken',
  recovery: 'after every fault everything works again',
} as const;
export type Rule = keyof typeof RULES;

export interface Violation {
  rule: Rule;
  /** Description of the violation, with names and numbers. */
  text: string;
  /** The log lines that show it. */
  evidence: StormEvent[];
}
