import type { Quantiles } from '../results.js';

/**
 * Where users connect to. The relay takes a bare user id, Parley a token signed with `secret`. With several ports users
 * take turns, so that the two of a pair (0 and 1, 2 and 3 …) are on different processes: the honest case.
 */
export interface Server {
  ports: readonly number[];
  secret: string | undefined;
}

export interface TrafficResult {
  sent: number;
  acknowledged: number;
  delivered: number;
  /** Answers without success, by code. */
  refused: Record<string, number>;
  /** Deliveries whose `seq` was not above the one before in their conversation. */
  outOfOrder: number;
  /** Acknowledgements per second of the measured time. */
  acknowledgedPerSecond: number;
  toAcknowledge: Quantiles;
  toDeliver: Quantiles;
  /** How late the generator itself sent: open loop only, and part of the two above. */
  lateness: Quantiles;
  /** Per conversation the `clientMessageId` acknowledged at each `seq`. */
  acknowledgements: Record<string, [seq: number, clientMessageId: string][]>;
}

export interface ReadResult {
  times: Quantiles;
  problems: string[];
}

/** What was published to two rooms each, one entry per publication; times in ms. */
export interface RoomsResult {
  /** Wall clock (`Date.now()`) when it was due. */
  sentAt: Float64Array;
  /** Until the user on the publisher's own process had it; NaN where that never happened. */
  localMs: Float64Array;
  /** The same for the user on the other process. */
  remoteMs: Float64Array;
  /** How often it came to each of them. */
  localCount: Uint8Array;
  remoteCount: Uint8Array;
  /** Whether it was sent within the measured time. */
  counts: Uint8Array;
  /** Users whose connection ended meanwhile. */
  connectionsLost: number;
}

/** What came of writing into a crowded group. */
export interface HotGroupResult {
  perSecond: number;
  sent: number;
  refused: number;
  /** Deliveries to those who had it open that never came. */
  missing: number;
  toAcknowledge: Quantiles;
  toDeliver: Quantiles;
}

export interface ComebackResult {
  users: number;
  /** Connections that were lost, and those that are there again. */
  lost: number;
  back: number;
  /** From `sinceMs` until the first, half, and all of them were connected again. */
  firstBackMs: number;
  halfBackMs: number;
  allBackMs: number;
  /** … and until all had their answer to `sync`, which every client asks for on connecting. */
  allSyncedMs: number;
  failedAttempts: number;
  /** Messages that were due while their sender was not connected: a client would keep them. */
  unsent: number;
  traffic: TrafficResult;
}

/**
 * What the load generator's process does, one at a time: name → arguments and result.
 * Connected users stay connected between commands, under the name of their group.
 */
export interface LoadCommands {
  connect: {
    input: { server: Server; group: string; userIds: string[]; atOnce: number };
    output: { wallMs: number; each: Quantiles };
  };
  disconnect: { input: { group: string }; output: null };
  /** Opens a conversation between users 0 and 1, 2 and 3 … of a group. */
  pairUp: { input: { group: string }; output: { conversationIds: string[] } };
  closedLoop: {
    input: { group: string; inFlight: number; warmUpMs: number; measureMs: number };
    output: TrafficResult;
  };
  openLoop: {
    input: { group: string; perSecond: number; warmUpMs: number; measureMs: number };
    output: TrafficResult;
  };
  /**
   * One of each pair sends bursts of a command that the database has no part in, the next when all are answered; the
   * other one is disconnected.
   */
  commandLoop: {
    input: { group: string; inFlight: number; warmUpMs: number; measureMs: number };
    output: { perSecond: number; refused: number; times: Quantiles };
  };
  /** From now on lost users come back by themselves, and some of them go on sending. */
  beginComeback: {
    input: { groups: string[]; senders: string; perSecond: number };
    output: null;
  };
  /** Waits until everybody was lost and is back. `sinceMs`: wall clock when their server was told to end. */
  awaitComeback: { input: { sinceMs: number; timeoutMs: number }; output: ComebackResult };
  /** Publishes to two rooms each: at a steady pace, or the next by the same user when the last has arrived at both. */
  rooms: {
    input: { group: string; perSecond: number | undefined; warmUpMs: number; measureMs: number };
    output: RoomsResult;
  };
  /** Sends until the group's first conversation has this many messages. */
  fill: { input: { group: string; messages: number; inFlight: number }; output: TrafficResult };
  /** Pages of history from several places in turn, one request at a time. */
  readHistory: {
    input: {
      group: string;
      places: { name: string; lastSeq: number; newest: boolean; limit: number }[];
      rounds: number;
    };
    output: Record<string, ReadResult>;
  };
  /** The first user of a group reads their conversation up to each of these places in turn. */
  markRead: { input: { group: string; seqs: number[] }; output: ReadResult };
  /** Over HTTP: each of the others opens a conversation with the user and writes one message. */
  makeConversations: {
    input: { server: Server; userId: string; others: string[]; atOnce: number };
    output: { wallMs: number };
  };
  readList: {
    input: { server: Server; group: string; rounds: number; limit: number; expected: number };
    output: { first: ReadResult; deep: ReadResult; unread: ReadResult; walked: ReadResult };
  };
  /** Reads every conversation of the group's first user to its end, except so many. */
  readAllBut: { input: { group: string; keep: number }; output: null };
  /** The total unread, over HTTP and as the list brings it. */
  readUnread: {
    input: { server: Server; group: string; rounds: number; expected: number };
    output: { badge: ReadResult; list: ReadResult };
  };
  /** The first user of the group makes a group or channel of these people. */
  makeGroup: {
    input: { group: string; type: 'group' | 'channel'; members: string[] };
    output: { conversationId: string; memberCount: number; wallMs: number };
  };
  /** The first user writes into each of these conversations in turn, one message after the other. */
  post: {
    input: { group: string; conversationIds: string[]; rounds: number };
    output: Record<string, ReadResult>;
  };
  /** The first user writes, all others of the group read it at once; times until the first and until all are answered. */
  readTogether: {
    input: { group: string; conversationId: string; rounds: number };
    output: { all: ReadResult; first: ReadResult };
  };
  /** The first user reads that many of their chats to the end, one after the other. */
  readEach: { input: { group: string; rounds: number }; output: ReadResult };
  /** Everybody has a conversation open, and the first so many of them write. */
  hotGroup: {
    input: {
      group: string;
      conversationId: string;
      senders: number;
      warmUpMs: number;
      measureMs: number;
    };
    output: HotGroupResult;
  };
  /** Every user of the group opens the conversation of the pair at once. */
  race: {
    input: { group: string; pair: [string, string] };
    output: { wallMs: number; answered: number; ids: string[]; created: number };
  };
}

export type LoadCommandName = keyof LoadCommands;

export interface LoadRequest {
  name: LoadCommandName;
  input: unknown;
}

/** `begin` and `end` frame the measured time, so that CPU is counted for it alone. */
export type LoadReply =
  { type: 'begin' } | { type: 'end' } | { type: 'done'; output: unknown } | { type: 'failed'; error: string };
