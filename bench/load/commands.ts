import type { Quantiles } from '../results.js';

/**
 * Addresses and credentials of a server. The relay accepts a bare user id, Parley a token signed with `secret`. Users
 * are distributed round-robin over the ports, so that the two of a pair (0 and 1, 2 and 3 …) are on different
 * processes. This is the worst case.
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
  /** Number of deliveries whose `seq` was not higher than the previous one in their conversation. */
  outOfOrder: number;
  /** Acknowledgements per second during the measured time. */
  acknowledgedPerSecond: number;
  toAcknowledge: Quantiles;
  toDeliver: Quantiles;
  /** Delay of the generator itself; open loop only, and included in the two above. */
  lateness: Quantiles;
  /** For each conversation, the `clientMessageId` acknowledged at each `seq`. */
  acknowledgements: Record<string, [seq: number, clientMessageId: string][]>;
}

export interface ReadResult {
  times: Quantiles;
  problems: string[];
}

/** Publications to two rooms each, one array entry per publication; times in ms. */
export interface RoomsResult {
  /** Wall-clock time (`Date.now()`) when it was due. */
  sentAt: Float64Array;
  /** Time to the user on the publisher's own process; NaN if it did not arrive. */
  localMs: Float64Array;
  /** Time to the user on the other process; NaN if it did not arrive. */
  remoteMs: Float64Array;
  /** Number of times it arrived at each of the two users. */
  localCount: Uint8Array;
  remoteCount: Uint8Array;
  /** 1 if it was sent within the measured time. */
  counts: Uint8Array;
  /** Number of connections that were lost during the run. */
  connectionsLost: number;
}

/** Result of writing into a busy group. */
export interface HotGroupResult {
  perSecond: number;
  sent: number;
  refused: number;
  /** Number of missing deliveries to users who had the group open. */
  missing: number;
  toAcknowledge: Quantiles;
  toDeliver: Quantiles;
}

export interface ReconnectResult {
  users: number;
  /** Number of lost and of restored connections. */
  lost: number;
  back: number;
  /** Time from `sinceMs` until the first, half, and all of them were connected again. */
  firstBackMs: number;
  halfBackMs: number;
  allBackMs: number;
  /** Time until all had the answer to `sync`, which every client sends after connecting. */
  allSyncedMs: number;
  failedAttempts: number;
  /** Messages that were due while their sender was disconnected. A real client would queue them. */
  unsent: number;
  traffic: TrafficResult;
}

/**
 * Commands of the load generator process, executed one at a time: name → arguments and result. Users stay connected
 * between commands, under the name of their group.
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
   * One user of each pair sends bursts of a command that needs no database; the next burst after all answers. The other
   * user is disconnected.
   */
  commandLoop: {
    input: { group: string; inFlight: number; warmUpMs: number; measureMs: number };
    output: { perSecond: number; refused: number; times: Quantiles };
  };
  /** From now on, users reconnect when their connection is lost, and some of them continue to send. */
  beginReconnects: {
    input: { groups: string[]; senders: string; perSecond: number };
    output: null;
  };
  /**
   * Waits until all users have lost their connection and reconnected. `sinceMs`: wall-clock time when the server was
   * signalled.
   */
  awaitReconnects: { input: { sinceMs: number; timeoutMs: number }; output: ReconnectResult };
  /** Publishes to two rooms each: at a steady pace, or the next one when the last has arrived at both. */
  rooms: {
    input: { group: string; perSecond: number | undefined; warmUpMs: number; measureMs: number };
    output: RoomsResult;
  };
  /** Sends until the group's first conversation has this many messages. */
  fill: { input: { group: string; messages: number; inFlight: number }; output: TrafficResult };
  /** Reads pages at several positions in turn, one request at a time. */
  readHistory: {
    input: {
      group: string;
      pages: { name: string; lastSeq: number; newest: boolean; limit: number }[];
      rounds: number;
    };
    output: Record<string, ReadResult>;
  };
  /** The first user of a group marks their conversation as read up to each of these `seq`s in turn. */
  markRead: { input: { group: string; seqs: number[] }; output: ReadResult };
  /** Over HTTP: each of the others opens a conversation with the user and sends one message. */
  makeConversations: {
    input: { server: Server; userId: string; others: string[]; atOnce: number };
    output: { wallMs: number };
  };
  readList: {
    input: { server: Server; group: string; rounds: number; limit: number; expected: number };
    output: { first: ReadResult; deep: ReadResult; unread: ReadResult; walked: ReadResult };
  };
  /** Reads every conversation of the group's first user to its end, except `keep` of them. */
  readAllBut: { input: { group: string; keep: number }; output: null };
  /** The total unread count, over HTTP and with the conversation list. */
  readUnread: {
    input: { server: Server; group: string; rounds: number; expected: number };
    output: { badge: ReadResult; list: ReadResult };
  };
  /** The first user of the group creates a group or channel with these members. */
  makeGroup: {
    input: { group: string; type: 'group' | 'channel'; members: string[] };
    output: { conversationId: string; memberCount: number; wallMs: number };
  };
  /** The first user sends to each of these conversations in turn, one message at a time. */
  post: {
    input: { group: string; conversationIds: string[]; rounds: number };
    output: Record<string, ReadResult>;
  };
  /** The first user sends, all others read it at once. Measures the time to the first and to the last answer. */
  readTogether: {
    input: { group: string; conversationId: string; rounds: number };
    output: { all: ReadResult; first: ReadResult };
  };
  /** The first user reads this many chats to their end, one at a time. */
  readEach: { input: { group: string; rounds: number }; output: ReadResult };
  /** All users have a conversation open; the first `senders` of them send. */
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
  /** The first user sends these payloads of one event, one at a time. `last` is the data of the last answer. */
  ask: {
    input: { group: string; event: string; payloads: readonly object[] };
    output: { times: Quantiles; last: unknown };
  };
  /** All users open the direct chat with the next user of the group at the same time: as many chats as users. */
  openRing: { input: { group: string }; output: { wallMs: number; conversationIds: string[] } };
  /** All users ask for everything at the same time, as after a reconnect. */
  syncAll: { input: { group: string }; output: { wallMs: number } };
  /** All users open one conversation; the first user sends, one message at a time, the next when all have the last. */
  broadcast: {
    input: { group: string; conversationId: string; messages: number };
    output: { wallMs: number; toAll: Quantiles };
  };
  /** Every user of the group opens the conversation of the pair at the same time. */
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

/** `begin` and `end` mark the measured time, for which CPU is counted. */
export type LoadReply =
  { type: 'begin' } | { type: 'end' } | { type: 'done'; output: unknown } | { type: 'failed'; error: string };
