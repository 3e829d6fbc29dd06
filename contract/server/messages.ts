import { historyQuery } from '../endpoints.js';
import * as outputs from '../outputs.js';
import * as inputs from './inputs.js';
import * as answers from './outputs.js';
import { CONVERSATION, endpoint, noBody, none, ofConversation } from './row.js';

/** Messages in any conversation. */
export const MESSAGE_ENDPOINTS = {
  sendServerMessage: endpoint({
    method: 'post',
    path: `${CONVERSATION}/messages`,
    scope: 'messages',
    status: 201,
    params: ofConversation,
    query: none,
    body: inputs.serverMessageInput,
    answer: answers.messageStoredAnswer,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN', 'BLOCKED', 'CONFLICT', 'TOO_LARGE', 'REJECTED'],
    bucket: 'serverSend',
    repeatSafe: 'a `clientMessageId` (or `Idempotency-Key`) is stored once per sender',
    summary:
      'Sends a message as a member (`senderId`), or without `senderId` as the system. 201 when it was stored, 200 when it had been stored before.',
  }),
  listServerMessages: endpoint({
    method: 'get',
    path: `${CONVERSATION}/messages`,
    scope: 'messages',
    params: ofConversation,
    query: historyQuery,
    body: noBody,
    answer: outputs.messagePageAnswer,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'serverRead',
    summary:
      'A page of the history of any conversation, by `seq`. Messages of restricted users are marked with `shadow`: no other user sees them.',
  }),
} as const;
