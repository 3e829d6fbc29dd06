/**
 * What a run leaves behind: what clients did and were told (`StormEvent`, in the order of one clock) and what the
 * database holds at the end (`FinalState`). Plain data: it is written to a file and read back as it is.
 */

/** The `_id` of a place that somebody was told of and may not look into. */
export const HIDDEN = 'hidden';

/** A message as somebody saw it, or as it is stored. */
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

/** How far a member has come, as somebody was told. */
export interface SeenPosition {
  conversationId: string;
  userId: string;
  readSeq: number;
  deliveredSeq: number;
}

/** A conversation as `sync`, a list or a push showed it to somebody. */
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

/** What one device held at the end: of each conversation its message ids in the order of `seq`, from 1 on. */
export type Holdings = Record<string, string[]>;

interface Happening {
  /** Ms since the run began, on the one clock of the runner (clients' own clocks may be wrong). */
  at: number;
  /** The device: `user/number`. */
  client: string;
  user: string;
  /** The server it was connected to. */
  server?: string | undefined;
}

interface EventData {
  connected: object;
  disconnected: { reason: string };
  /** A message goes out, for the first time or again. */
  send: { conversationId: string; clientMessageId: string; content: string; attempt: number };
  acked: { message: SeenMessage; duplicate: boolean };
  /** Refused for good. */
  refused: { conversationId: string; clientMessageId: string; content: string; code: string };
  /** `message:new`. */
  heard: { message: SeenMessage };
  /** Read from the database by the runner, straight after a message was heard live. */
  spotCheck: { messageId: string; found: boolean };
  page: {
    conversationId: string;
    /** When it was asked for: whatever was acknowledged before has to be in it. */
    askedAt: number;
    /** The first place that the page covers; undefined for the newest page. */
    fromSeq?: number | undefined;
    /** The last place that was asked for; undefined for "up to the end". */
    toSeq?: number | undefined;
    limit: number;
    messages: SeenMessage[];
    lastSeq: number;
  };
  /** The answer to `message:read` or `message:delivered`. */
  advanced: SeenPosition & {
    askedAt: number;
    askedSeq: number;
    /** `message:read`, else `message:delivered`. */
    wasRead: boolean;
    unreadCount?: number | undefined;
  };
  /** `message:status`. */
  status: SeenPosition;
  synced: { askedAt: number; conversations: SeenConversation[]; own: SeenPosition[]; totalUnread: number };
  opened: { withUser: string; conversationId: string; created: boolean };
  /** Any other push about a conversation (created, updated, typing), perhaps with a place of its log. */
  told: {
    push: string;
    conversationId: string;
    seq?: number | undefined;
    conversation?: SeenConversation | undefined;
  };
  /** A push about another person (presence). */
  toldOf: { push: string; aboutUser: string };
  /** Somebody tried what they may not, and this was the answer (`OK` or a code). */
  trespass: { command: string; conversationId: string; code: string };
  /** A command of a client failed in a way that no fault explains. */
  surprise: { command: string; code: string; conversationId?: string | undefined };
  /** What the device had gathered by itself, live and by `sync`, when everything was quiet. */
  final: { holdings: Holdings };
  /** The whole history, read anew from the start by the same user. */
  fresh: { holdings: Holdings };
  /** The list and the totals, when everything was quiet. */
  counted: { conversations: SeenConversation[]; totalUnread: number; unreadEndpoint: number };
}

export type EventKind = keyof EventData;
export type EventOf<Kind extends EventKind> = Happening & { kind: Kind } & EventData[Kind];
/** One line of a client's log. */
export type StormEvent = { [Kind in EventKind]: EventOf<Kind> }[EventKind];
/** What a client says; the log adds when and who. */
export type Entry = { [Kind in EventKind]: { kind: Kind } & EventData[Kind] }[EventKind];

/** Who is in a conversation, and for which places: whoever joined later or left hears those in between. */
export interface Membership {
  userId: string;
  /** The first place that they may see. */
  fromSeq: number;
  /** The entry that let them in; 0 for a pair. By default `fromSeq`. */
  joinedSeq?: number | undefined;
  /** The last place that is theirs; undefined while they are in it. */
  untilSeq?: number | undefined;
}

export interface FinalConversation {
  _id: string;
  type: string;
  /** The sorted pair of a direct conversation. */
  pairKey?: string | undefined;
  members: Membership[];
  /** The stored summary. */
  lastSeq: number;
  messageCount: number;
  lastMessageId?: string | undefined;
}

export interface FinalMessage extends SeenMessage {
  /** How many counted messages there are up to this one. */
  n: number;
  /** Says who is in the conversation: not counted, and sent by no client as a message. */
  isControl?: boolean | undefined;
  /** Not shown to anybody. */
  isSilent?: boolean | undefined;
}

/** What the database itself holds when everything is quiet, read past every server. */
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
  recovery: 'after every fault everything works again',
} as const;
export type Rule = keyof typeof RULES;

export interface Violation {
  rule: Rule;
  /** What is wrong, with names and numbers. */
  text: string;
  /** The lines of the logs that show it. */
  evidence: StormEvent[];
}
