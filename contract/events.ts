import { z } from 'zod';
import type { Answer, Failure, Success } from './answers.js';
import { CHANGE_COMMANDS } from './commands/changes.js';
import { CORE_COMMANDS } from './commands/core.js';
import { GROUP_COMMANDS } from './commands/groups.js';
import { LIST_COMMANDS } from './commands/list.js';
import { SAFETY_COMMANDS } from './commands/safety.js';
import { SEARCH_COMMANDS } from './commands/search.js';
import * as outputs from './outputs.js';
import { seqOrZero } from './primitives.js';
import type { Priority } from './priorities.js';
import {
  changeView,
  conversationView,
  countsView,
  entryView,
  headView,
  ownView,
  positionView,
  presenceView,
  typingView,
} from './views.js';

/** Every event a client may send: the handlers, the types of both sides, the docs and the tests come from here. */
export const COMMANDS = {
  ...CORE_COMMANDS,
  ...GROUP_COMMANDS,
  ...CHANGE_COMMANDS,
  ...LIST_COMMANDS,
  ...SAFETY_COMMANDS,
  ...SEARCH_COMMANDS,
} as const;

export type CommandName = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];
export type CommandPayload<Name extends CommandName> = z.output<(typeof COMMANDS)[Name]['payload']>;
export type CommandData<Name extends CommandName> = z.output<(typeof COMMANDS)[Name]['answer']>;

/** Why the server ends or limits a connection, and whether to come back. */
export const goodbye = z.object({
  code: z.enum(['TOKEN_EXPIRED', 'UNAUTHENTICATED', 'UNAVAILABLE', 'TOO_MANY_SOCKETS', 'FLOODING']),
  reason: z.string(),
  reconnect: z.boolean(),
  /** Wait this long first (spread over clients, so that they do not all come at once). */
  afterMs: z.int().optional(),
});
export type Goodbye = z.infer<typeof goodbye>;

interface PushRow<Data extends z.ZodType> {
  data: Data;
  /** What becomes of it when its receiver reads too slowly. */
  priority: Priority;
  summary: string;
}

const push = <D extends z.ZodType>(row: PushRow<D>): PushRow<D> => row;

/** Every event the server sends unasked. Each carries `{success: true, data}`. */
export const PUSHES = {
  'message:new': push({
    data: entryView,
    priority: 'durable',
    summary: 'A message was stored. May come twice: drop what you have by `seq`.',
  }),
  'message:updated': push({
    data: changeView,
    priority: 'durable',
    summary: 'A message was edited, pinned or unpinned; `rev` numbers the changes of its conversation.',
  }),
  'message:deleted': push({
    data: changeView,
    priority: 'durable',
    summary: 'A message was deleted for everyone; its place stays.',
  }),
  'message:reaction': push({
    data: changeView,
    priority: 'durable',
    summary: 'A reaction came or went.',
  }),
  'message:status': push({
    data: positionView,
    priority: 'receipt',
    summary: 'A member has come this far: all up to there is delivered or read.',
  }),
  'message:counts': push({
    data: countsView,
    priority: 'receipt',
    summary:
      'In a large group that this connection has open: how many have got and read a message by now. Now and then, for one of the newest messages; of others `getReceipts` tells.',
  }),
  'conversation:created': push({
    data: outputs.oneConversationAnswer,
    priority: 'durable',
    summary: 'Somebody opened a conversation with you.',
  }),
  'conversation:updated': push({
    data: z.object({
      conversation: conversationView.optional(),
      head: headView,
      /** More than the head is different (name, roles, members): ask `getConversation`. */
      stale: z.boolean().optional(),
    }),
    priority: 'durable',
    summary: 'Something about a conversation changed; compare `head` with what you hold.',
  }),
  'conversation:own': push({
    data: ownView,
    priority: 'durable',
    summary:
      "The caller's own state in a conversation (pinned, muted, archived, cleared …) changed on another device.",
  }),
  'conversation:removed': push({
    data: z.object({
      conversationId: z.string(),
      reason: z.enum(['left', 'removed', 'closed', 'merged']),
      /** The entry that ended it: a conversation that one has as of a later place was given back since. */
      seq: seqOrZero.optional(),
    }),
    priority: 'durable',
    summary: 'The conversation is not yours any more.',
  }),
  typing: push({
    data: typingView,
    priority: 'typing',
    summary: 'A member is typing, or has stopped. Never stored.',
  }),
  presence: push({ data: presenceView, priority: 'presence', summary: 'A watched user came or went.' }),
  'auth:expired': push({
    data: goodbye,
    priority: 'durable',
    summary: 'This connection ends; the code says what to do first.',
  }),
  'sync:advised': push({
    data: z.object({ withinMs: z.int() }),
    priority: 'durable',
    summary:
      'Live events may have been missed between servers: call `sync` at a random moment within `withinMs`.',
  }),
  'server:draining': push({
    data: goodbye,
    priority: 'durable',
    summary: 'The server is about to stop; come back after `afterMs`.',
  }),
  'connection:ended': push({
    data: goodbye,
    priority: 'durable',
    summary: 'This connection ends now; the code says why and whether to come back.',
  }),
} as const;

export type PushName = keyof typeof PUSHES;
export const PUSH_NAMES = Object.keys(PUSHES) as PushName[];
export type PushData<Name extends PushName> = z.output<(typeof PUSHES)[Name]['data']>;

type Ok<Name extends CommandName> = NonNullable<(typeof COMMANDS)[Name]['pair']['ok']>;
type Bad<Name extends CommandName> = (typeof COMMANDS)[Name]['pair']['error'];

/** Socket.IO's event map from the client to the server. */
export type ClientToServerEvents = {
  [Name in CommandName]: (
    payload: z.input<(typeof COMMANDS)[Name]['payload']>,
    acknowledge?: (answer: Answer<CommandData<Name>>) => void,
  ) => void;
};

type PushEvents = { [Name in PushName]: (answer: Success<PushData<Name>>) => void };
type AnswerEvents = {
  [Name in CommandName as Exclude<Ok<Name>, PushName>]: (answer: Success<CommandData<Name>>) => void;
};
type FailureEvents = { [Name in CommandName as Bad<Name>]: (answer: Failure) => void };

/** Socket.IO's event map from the server to the client. `event:error` answers what is not an event at all. */
export type ServerToClientEvents = PushEvents &
  AnswerEvents &
  FailureEvents & { 'event:error': (answer: Failure) => void };
