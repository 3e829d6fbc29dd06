import { z } from 'zod';
import type { Answer, Failure, Success } from './answers.js';
import type { BucketName } from './buckets.js';
import type { ErrorCode } from './errors.js';
import * as inputs from './inputs.js';
import * as outputs from './outputs.js';
import type { Priority } from './priorities.js';
import { conversationView, headView, messageView, positionView, presenceView, typingView } from './views.js';

interface CommandRow<
  Payload extends z.ZodType,
  Data extends z.ZodType,
  Ok extends string,
  Bad extends string,
> {
  payload: Payload;
  answer: Data;
  /** Where the answer goes when the client gave no acknowledgement. */
  pair: { ok: Ok | undefined; error: Bad };
  /** What may be answered besides the codes that any command may be answered with. */
  codes: readonly ErrorCode[];
  /** Which of the caller's rate limits it counts against. */
  bucket: BucketName;
  /** Why the same command twice does no harm. */
  repeatSafe: string;
  summary: string;
}

const command = <P extends z.ZodType, D extends z.ZodType, const Ok extends string, const Bad extends string>(
  row: CommandRow<P, D, Ok, Bad>,
): CommandRow<P, D, Ok, Bad> => row;

/** Every event a client may send: the handlers, the types of both sides, the docs and the tests come from here. */
export const COMMANDS = {
  getOrCreateDirect: command({
    payload: inputs.directInput,
    answer: outputs.conversationAnswer,
    pair: { ok: 'conversation:created', error: 'conversation:error' },
    codes: [],
    bucket: 'open',
    repeatSafe: 'one conversation per pair, by a unique key',
    summary: 'Opens the one direct conversation with another user; makes it if there is none.',
  }),
  getConversations: command({
    payload: inputs.listInput,
    answer: outputs.conversationListAnswer,
    pair: { ok: 'conversations:list', error: 'conversations:error' },
    codes: [],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: "A page of the caller's conversations, the newest message first.",
  }),
  getConversation: command({
    payload: inputs.conversationInput,
    answer: outputs.oneConversationAnswer,
    pair: { ok: 'conversation:result', error: 'conversation:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'One conversation as the caller sees it now.',
  }),
  sendMessage: command({
    payload: inputs.sendInput,
    answer: outputs.sentAnswer,
    pair: { ok: 'message:sent', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'CONFLICT', 'TOO_LARGE'],
    bucket: 'send',
    repeatSafe: 'the same `clientMessageId` is stored once, for ever',
    summary: 'Stores a message, then sends it to the members, then answers with it and its `seq`.',
  }),
  getMessages: command({
    payload: inputs.historyInput,
    answer: outputs.messagePageAnswer,
    pair: { ok: 'messages:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'A page of history by `seq`: the newest, before, after or around a place.',
  }),
  'message:delivered': command({
    payload: inputs.positionInput,
    answer: outputs.positionAnswer,
    pair: { ok: 'message:status', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'receipt',
    repeatSafe: 'positions only move forward',
    summary: 'Everything up to here has reached the caller.',
  }),
  'message:read': command({
    payload: inputs.positionInput,
    answer: outputs.positionAnswer,
    pair: { ok: 'message:status', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'receipt',
    repeatSafe: 'positions only move forward',
    summary: 'The caller has read everything up to here.',
  }),
  typing: command({
    payload: inputs.typingInput,
    answer: outputs.typingAnswer,
    pair: { ok: undefined, error: 'conversation:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'typing',
    repeatSafe: 'nothing is stored',
    summary: 'The caller is typing, or has stopped.',
  }),
  sync: command({
    payload: inputs.syncInput,
    answer: outputs.syncAnswer,
    pair: { ok: 'sync:result', error: 'sync:error' },
    codes: [],
    bucket: 'sync',
    repeatSafe: 'reads only',
    summary: 'What changed since a cursor, however long ago: call it on every connect and once a minute.',
  }),
  'presence:watch': command({
    payload: inputs.watchInput,
    answer: outputs.presenceAnswer,
    pair: { ok: 'presence:result', error: 'presence:error' },
    codes: [],
    bucket: 'presence',
    repeatSafe: 'replaces what this socket watched before',
    summary: 'Watches the presence of people the caller has a conversation with; others are left out.',
  }),
  'auth:refresh': command({
    payload: inputs.tokenInput,
    answer: outputs.sessionAnswer,
    pair: { ok: 'auth:refreshed', error: 'auth:error' },
    codes: ['FORBIDDEN'],
    bucket: 'session',
    repeatSafe: 'the newest token counts',
    summary:
      'A new token for the same user, without reconnecting. After an expiry run `sync` and `presence:watch` again: an expired connection heard nothing.',
  }),
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
    data: messageView,
    priority: 'durable',
    summary: 'A message was stored. May come twice: drop what you have by `seq`.',
  }),
  'message:status': push({
    data: positionView,
    priority: 'receipt',
    summary: 'A member has come this far: all up to there is delivered or read.',
  }),
  'conversation:created': push({
    data: outputs.oneConversationAnswer,
    priority: 'durable',
    summary: 'Somebody opened a conversation with you.',
  }),
  'conversation:updated': push({
    data: z.object({ conversation: conversationView.optional(), head: headView }),
    priority: 'durable',
    summary: 'Something about a conversation changed; compare `head` with what you hold.',
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
