import type { Quantiles } from '../results.js';

/** Where users connect to. The relay takes a bare user id, Parley a token signed with `secret`. */
export interface Server {
  port: number;
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
  /** Sends until the group's first conversation has this many messages. */
  fill: { input: { group: string; messages: number; inFlight: number }; output: TrafficResult };
  /** Pages of history from several places in turn, one request at a time. */
  readHistory: {
    input: {
      group: string;
      places: { name: string; lastSeq: number; newest: boolean }[];
      rounds: number;
      limit: number;
    };
    output: Record<string, ReadResult>;
  };
  /** Over HTTP: each of the others opens a conversation with the user and writes one message. */
  makeConversations: {
    input: { server: Server; userId: string; others: string[]; atOnce: number };
    output: { wallMs: number };
  };
  readList: {
    input: { server: Server; group: string; rounds: number; limit: number; expected: number };
    output: { first: ReadResult; deep: ReadResult; unread: ReadResult; walked: ReadResult };
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
