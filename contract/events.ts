import { z } from 'zod';
import type { Answer, Failure, Success } from './answers.js';
import { ATTACHMENT_COMMANDS } from './commands/attachments.js';
import { CHANGE_COMMANDS } from './commands/changes.js';
import { CORE_COMMANDS } from './commands/core.js';
import { GROUP_COMMANDS } from './commands/groups.js';
import { LIST_COMMANDS } from './commands/list.js';
import { PUSH_COMMANDS } from './commands/push.js';
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
  settingsView,
  positionView,
  presenceView,
  shownChangeView,
  typingView,
} from './views.js';

/** All events that a client may send. Handlers, types of both sides, docs and tests are derived from this table. */
export const COMMANDS = {
  ...CORE_COMMANDS,
  ...GROUP_COMMANDS,
  ...CHANGE_COMMANDS,
  ...LIST_COMMANDS,
  ...SAFETY_COMMANDS,
  ...SEARCH_COMMANDS,
  ...ATTACHMENT_COMMANDS,
  ...PUSH_COMMANDS,
} as const;

export type CommandName = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];
export type CommandPayload<Name extends CommandName> = z.output<(typeof COMMANDS)[Name]['payload']>;
export type CommandData<Name extends CommandName> = z.output<(typeof COMMANDS)[Name]['answer']>;

/** The schema of each command's payload, in a form whose output type follows from a generic name. */
export const PAYLOADS: {
  readonly [Name in CommandName]: { readonly payload: z.ZodType<CommandPayload<Name>> };
} = COMMANDS;

/** Reason for the end of a connection, and whether and when to reconnect. */
export const goodbye = z.object({
  code: z.enum([
    'TOKEN_EXPIRED',
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'UNAVAILABLE',
    'TOO_MANY_SOCKETS',
    'FLOODING',
  ]),
  reason: z.string(),
  reconnect: z.boolean(),
  /** Milliseconds to wait before reconnecting. Differs between clients, so that they do not all reconnect at once. */
  afterMs: z.int().optional(),
});
export type Goodbye = z.infer<typeof goodbye>;

interface PushRow<Data extends z.ZodType> {
  data: Data;
  /** Decides when it is dropped for a connection that reads too slowly. */
  priority: Priority;
  summary: string;
}

const push = <D extends z.ZodType>(row: PushRow<D>): PushRow<D> => row;

/** All events that the server pushes. Each carries `{success: true, data}`. */
export const PUSHES = {
  'message:new': push({
    data: entryView,
    priority: 'durable',
    summary: 'A message was stored. May arrive twice: ignore a `seq` that you have.',
  }),
  'message:updated': push({
    data: changeView,
    priority: 'durable',
    summary:
      "A message was edited, pinned or unpinned; `rev` numbers the changes of its conversation. `{conversationId, rev, kind: 'hidden'}` stands for a change that the viewer may not see.",
  }),
  'message:deleted': push({
    data: shownChangeView,
    priority: 'durable',
    summary: 'A message was deleted for everyone. Its `seq` stays, as a message without content.',
  }),
  'message:reaction': push({
    data: shownChangeView,
    priority: 'durable',
    summary: 'A reaction was added or removed.',
  }),
  'message:status': push({
    data: positionView,
    priority: 'receipt',
    summary:
      'Messages up to a position were delivered to a member (`deliveredSeq`) or read by them (`readSeq`). `status` says which of the two moved, `messageId` names the message there.',
  }),
  'message:counts': push({
    data: countsView,
    priority: 'receipt',
    summary:
      'Receipt counts of one of the newest messages of a large group that this connection watches, sent at intervals. For other messages use `getReceipts`.',
  }),
  'conversation:created': push({
    data: outputs.oneConversationAnswer,
    priority: 'durable',
    summary: 'Another user opened a conversation with the caller, or added them to one.',
  }),
  'conversation:updated': push({
    data: z.object({
      conversation: conversationView.optional(),
      head: headView,
      /** True when more than the head changed (name, roles, members): load it with `getConversation`. */
      stale: z.boolean().optional(),
    }),
    priority: 'durable',
    summary: 'A conversation changed. Compare `head` with what you hold.',
  }),
  'conversation:settings': push({
    data: settingsView,
    priority: 'durable',
    summary:
      "The caller's settings of a conversation (pinned, muted, archived, cleared …) changed on another device.",
  }),
  'conversation:removed': push({
    data: z.object({
      conversationId: z.string(),
      reason: z.enum(['left', 'removed', 'closed', 'merged']),
      /** `seq` of the entry that ended it. Ignore the event when you hold a later entry: the user was added again since. */
      seq: seqOrZero.optional(),
    }),
    priority: 'durable',
    summary: 'The caller is no longer in the conversation.',
  }),
  typing: push({
    data: typingView,
    priority: 'typing',
    summary: 'A member is typing or has stopped. Never stored.',
  }),
  presence: push({
    data: presenceView,
    priority: 'presence',
    summary: 'A watched user went online or offline.',
  }),
  'auth:expired': push({
    data: goodbye,
    priority: 'durable',
    summary: 'This connection ends; `code` says what to do before reconnecting.',
  }),
  'sync:advised': push({
    data: z.object({ withinMs: z.int() }),
    priority: 'durable',
    summary:
      'Live events between servers may have been lost: call `sync` at a random moment within `withinMs`.',
  }),
  'server:draining': push({
    data: goodbye,
    priority: 'durable',
    summary: 'The server is about to stop; reconnect after `afterMs`.',
  }),
  'connection:ended': push({
    data: goodbye,
    priority: 'durable',
    summary: 'This connection ends now; `code` says why, `reconnect` whether to come back.',
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

/** Socket.IO's event map from the server to the client. `event:error` answers events that are not in the table. */
export type ServerToClientEvents = PushEvents &
  AnswerEvents &
  FailureEvents & { 'event:error': (answer: Failure) => void };
