import { command } from '../command.js';
import * as inputs from '../inputs.js';
import * as outputs from '../outputs.js';

/** Direct conversations, sending, reading, catching up, and the connection itself. */
export const CORE_COMMANDS = {
  getOrCreateDirect: command({
    payload: inputs.directInput,
    answer: outputs.conversationAnswer,
    pair: { ok: 'conversation:created', error: 'conversation:error' },
    codes: ['BLOCKED'],
    bucket: 'open',
    repeatSafe: 'one conversation per pair, by a unique key',
    summary: 'Returns the direct conversation with another user; creates it if there is none.',
  }),
  getConversations: command({
    payload: inputs.listInput,
    answer: outputs.conversationListAnswer,
    pair: { ok: 'conversations:list', error: 'conversations:error' },
    codes: [],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: "A page of the caller's conversations, ordered by their newest message.",
  }),
  getConversation: command({
    payload: inputs.conversationInput,
    answer: outputs.oneConversationAnswer,
    pair: { ok: 'conversation:result', error: 'conversation:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'One conversation.',
  }),
  sendMessage: command({
    payload: inputs.sendInput,
    answer: outputs.sentAnswer,
    pair: { ok: 'message:sent', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND', 'BLOCKED', 'CONFLICT', 'TOO_LARGE', 'REJECTED'],
    bucket: 'send',
    repeatSafe: 'a `clientMessageId` is stored once, for good',
    summary:
      'Stores a message, publishes it to the members, and answers with the stored message and its `seq`.',
  }),
  getMessages: command({
    payload: inputs.historyInput,
    answer: outputs.messagePageAnswer,
    pair: { ok: 'messages:list', error: 'message:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'A page of history by `seq`: the newest page, or before, after or around a `seq`.',
  }),
  'message:delivered': command({
    payload: inputs.positionInput,
    answer: outputs.positionAnswer,
    pair: { ok: 'message:status', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'receipt',
    repeatSafe: 'positions only move forward',
    summary: 'Reports that everything up to this message was delivered to the caller.',
  }),
  'message:read': command({
    payload: inputs.positionInput,
    answer: outputs.positionAnswer,
    pair: { ok: 'message:status', error: 'message:error' },
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'receipt',
    repeatSafe: 'positions only move forward',
    summary: 'Reports that the caller has read everything up to this message.',
  }),
  typing: command({
    payload: inputs.typingInput,
    answer: outputs.typingAnswer,
    pair: { ok: undefined, error: 'conversation:error' },
    codes: ['NOT_PARTICIPANT', 'BLOCKED'],
    bucket: 'typing',
    repeatSafe: 'nothing is stored',
    summary: 'Reports that the caller is typing or has stopped.',
  }),
  sync: command({
    payload: inputs.syncInput,
    answer: outputs.syncAnswer,
    pair: { ok: 'sync:result', error: 'sync:error' },
    codes: [],
    bucket: 'sync',
    repeatSafe: 'reads only',
    summary:
      'Everything that changed since a cursor, however old. Call it on every connect and once a minute.',
  }),
  'presence:watch': command({
    payload: inputs.watchInput,
    answer: outputs.presenceAnswer,
    pair: { ok: 'presence:result', error: 'presence:error' },
    codes: [],
    bucket: 'presence',
    repeatSafe: 'replaces the users that this connection watched before',
    summary:
      'Watches the presence of users whom the caller knows. Users for whom one of the two hides their presence (`updatePrivacy`) are left out.',
  }),
  'auth:refresh': command({
    payload: inputs.tokenInput,
    answer: outputs.sessionAnswer,
    pair: { ok: 'auth:refreshed', error: 'auth:error' },
    codes: ['FORBIDDEN'],
    bucket: 'session',
    repeatSafe: 'the newest token counts',
    summary:
      'Sets a new token for the same user without reconnecting. After an expiry run `sync` and `presence:watch` again: an expired connection receives nothing.',
  }),
} as const;
