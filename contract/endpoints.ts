import { z } from 'zod';
import type { BucketName } from './buckets.js';
import { LIMITS } from './limits.js';
import type { ErrorCode } from './errors.js';
import * as inputs from './inputs.js';
import * as outputs from './outputs.js';
import { COMMAND_ENDPOINTS } from './commandEndpoints.js';
import { numeric } from './numeric.js';
import { attachmentId, conversationId, cursor, seq, seqOrZero } from './primitives.js';

interface EndpointRow<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: `/${string}`;
  /** Answered on success; 200 instead when what would have been created existed before. */
  status: number;
  params: P;
  query: Q;
  body: B;
  answer: D;
  codes: readonly ErrorCode[];
  /** Rate limit that the request counts against. */
  bucket: BucketName;
  /** True when a successful answer has the header `Location`, from `data.url`. */
  redirects?: boolean;
  summary: string;
}

const endpoint = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType>(
  row: Omit<EndpointRow<P, Q, B, D>, 'status'> & { status?: number },
): EndpointRow<P, Q, B, D> => ({ status: 200, ...row });

const none = z.strictObject({});
/** Express sets no body object when none was sent. */
const noBody = none.optional();
const ofConversation = z.strictObject({ conversationId });

const ofAttachment = z.strictObject({ attachmentId });

export const pageQuery = z.strictObject({
  limit: numeric(z.int().min(1).max(LIMITS.conversationPageMax)).optional(),
  cursor: cursor.optional(),
});
export const listQuery = pageQuery.extend({ filter: inputs.listInput.shape.filter });

export const historyQuery = z
  .strictObject({
    before: numeric(seq).optional(),
    after: numeric(seqOrZero).optional(),
    around: numeric(seq).optional(),
    limit: numeric(z.int().min(1).max(LIMITS.messagePageMax)).optional(),
  })
  .pipe(inputs.historyPageInput);

/** All HTTP endpoints that need a token. Health, metrics and the demo need none and are not in the table. */
export const ENDPOINTS = {
  ...COMMAND_ENDPOINTS,
  createOrGetChat: endpoint({
    method: 'post',
    path: '/api/chats/create-or-get',
    status: 201,
    params: none,
    query: none,
    body: inputs.createOrGetInput,
    answer: outputs.conversationAnswer,
    codes: ['FORBIDDEN', 'BLOCKED'],
    bucket: 'open',
    summary:
      'Returns the direct conversation of the caller and another user; creates it if there is none. 201 when it was created, else 200. Idempotent and atomic.',
  }),
  startConversation: endpoint({
    method: 'post',
    path: '/api/conversations/start',
    status: 201,
    params: none,
    query: none,
    body: inputs.startInput,
    answer: outputs.conversationAnswer,
    codes: ['BLOCKED'],
    bucket: 'open',
    summary:
      'Like `create-or-get`, with an occasion (product, seller, order or general), which is stored with the conversation. 201 when it was created, else 200.',
  }),
  listConversations: endpoint({
    method: 'get',
    path: '/api/conversations',
    params: none,
    query: listQuery,
    body: noBody,
    answer: outputs.conversationListAnswer,
    codes: [],
    bucket: 'read',
    summary: "A page of the caller's conversations, ordered by their newest message.",
  }),
  getConversation: endpoint({
    method: 'get',
    path: '/api/conversations/:conversationId',
    params: ofConversation,
    query: none,
    body: noBody,
    answer: outputs.oneConversationAnswer,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    summary: 'One conversation.',
  }),
  listMessages: endpoint({
    method: 'get',
    path: '/api/conversations/:conversationId/messages',
    params: ofConversation,
    query: historyQuery,
    body: noBody,
    answer: outputs.messagePageAnswer,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    summary: 'A page of history by `seq`: the newest page, or before, after or around a `seq`.',
  }),
  sendMessage: endpoint({
    method: 'post',
    path: '/api/conversations/:conversationId/messages',
    status: 201,
    params: ofConversation,
    query: none,
    body: inputs.messageInput,
    answer: outputs.sentAnswer,
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND', 'BLOCKED', 'CONFLICT', 'TOO_LARGE'],
    bucket: 'send',
    summary: 'Sends a message. 201 when it was stored, 200 when it had been stored before.',
  }),
  markRead: endpoint({
    method: 'post',
    path: '/api/conversations/:conversationId/read',
    params: ofConversation,
    query: none,
    body: inputs.placeInput,
    answer: outputs.positionAnswer,
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'receipt',
    summary: 'Reports that the caller has read everything up to this message.',
  }),
  markDelivered: endpoint({
    method: 'post',
    path: '/api/conversations/:conversationId/delivered',
    params: ofConversation,
    query: none,
    body: inputs.placeInput,
    answer: outputs.positionAnswer,
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND'],
    bucket: 'receipt',
    summary: 'Reports that everything up to this message was delivered to the caller.',
  }),
  redirectToFile: endpoint({
    method: 'get',
    path: '/api/attachments/:attachmentId',
    status: 307,
    params: ofAttachment,
    query: none,
    body: noBody,
    answer: outputs.fileUrlAnswer,
    codes: ['NOT_FOUND'],
    bucket: 'read',
    redirects: true,
    summary:
      'Redirects to a fresh URL of a file: for its uploader, and for those who may see the message that has it.',
  }),
  redirectToThumbnail: endpoint({
    method: 'get',
    path: '/api/attachments/:attachmentId/thumbnail',
    status: 307,
    params: ofAttachment,
    query: none,
    body: noBody,
    answer: outputs.fileUrlAnswer,
    codes: ['NOT_FOUND'],
    bucket: 'read',
    redirects: true,
    summary: 'Redirects to a fresh URL of the thumbnail of an image. There is one size.',
  }),
  sync: endpoint({
    method: 'get',
    path: '/api/sync',
    params: none,
    query: inputs.syncInput,
    body: noBody,
    answer: outputs.syncAnswer,
    codes: [],
    bucket: 'sync',
    summary: 'Everything that changed since a cursor.',
  }),
  getUnread: endpoint({
    method: 'get',
    path: '/api/unread',
    params: none,
    query: none,
    body: noBody,
    answer: outputs.unreadAnswer,
    codes: [],
    bucket: 'read',
    summary:
      'Number of unread messages, and of conversations with unread messages: for badges without a socket.',
  }),
  getProfile: endpoint({
    method: 'get',
    path: '/api/users/me',
    params: none,
    query: none,
    body: noBody,
    answer: outputs.profileAnswer,
    codes: [],
    bucket: 'read',
    summary: "The caller's public profile.",
  }),
  updateProfile: endpoint({
    method: 'patch',
    path: '/api/users/me',
    params: none,
    query: none,
    body: inputs.profileInput,
    answer: outputs.profileAnswer,
    codes: [],
    bucket: 'profile',
    summary: 'Sets the public name or picture.',
  }),
  revokeTokens: endpoint({
    method: 'post',
    path: '/api/users/me/revoke-tokens',
    params: none,
    query: none,
    body: noBody,
    answer: outputs.revokedAnswer,
    codes: [],
    bucket: 'session',
    summary:
      'Logs the caller out on all devices: tokens issued up to now are refused, live connections end within a second.',
  }),
  createStreamTicket: endpoint({
    method: 'post',
    path: '/api/events/ticket',
    status: 201,
    params: none,
    query: none,
    body: noBody,
    answer: outputs.ticketAnswer,
    codes: [],
    bucket: 'session',
    summary:
      "A ticket for one event stream (`?ticket=`), for browsers' `EventSource`, which cannot send a header: valid once, for 30 s.",
  }),
  listOwnMessages: endpoint({
    method: 'get',
    path: '/api/users/me/messages',
    params: none,
    query: pageQuery,
    body: noBody,
    answer: outputs.ownMessagesAnswer,
    codes: [],
    bucket: 'read',
    summary: 'A page of all messages that the caller sent, newest first.',
  }),
} as const;

export type EndpointName = keyof typeof ENDPOINTS;
export const ENDPOINT_NAMES = Object.keys(ENDPOINTS) as EndpointName[];

export interface EndpointInput<Name extends EndpointName> {
  params: z.output<(typeof ENDPOINTS)[Name]['params']>;
  query: z.output<(typeof ENDPOINTS)[Name]['query']>;
  body: z.output<(typeof ENDPOINTS)[Name]['body']>;
}
export type EndpointData<Name extends EndpointName> = z.output<(typeof ENDPOINTS)[Name]['answer']>;
