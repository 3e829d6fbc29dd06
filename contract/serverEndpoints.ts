import { z } from 'zod';
import type { BucketName } from './buckets.js';
import { updateConversationInput } from './commands/groups.js';
import type { ErrorCode } from './errors.js';
import { COMMANDS } from './events.js';
import { historyQuery, listQuery } from './endpoints.js';
import { LIMITS } from './limits.js';
import { numeric } from './numeric.js';
import * as outputs from './outputs.js';
import { captionText, conversationId, cursor, seq, storedUserId, userId } from './primitives.js';
import * as serverInputs from './serverInputs.js';
import * as serverOutputs from './serverOutputs.js';

/** Parts of the server-side API that an API key can be given. */
export const SCOPES = ['users', 'conversations', 'messages', 'moderation'] as const;
export const scope = z.enum(SCOPES);
export type Scope = z.infer<typeof scope>;

interface ServerEndpointRow<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  D extends z.ZodType,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: `/api/server/v1/${string}`;
  scope: Scope;
  /** Answered on success; 200 instead when what would have been created existed before. */
  status: number;
  params: P;
  query: Q;
  body: B;
  answer: D;
  codes: readonly ErrorCode[];
  bucket: BucketName;
  /**
   * Why a repeat does no harm, also without an `Idempotency-Key`. Undefined for reading calls, and for those whose answer is
   * not stored: they ignore the header.
   */
  repeatSafe?: string | undefined;
  /** True for calls that the audit log records. Default: all but `get`. */
  isAudited: boolean;
  summary: string;
}

const endpoint = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType>(
  row: Omit<ServerEndpointRow<P, Q, B, D>, 'status' | 'isAudited'> & { status?: number },
): ServerEndpointRow<P, Q, B, D> => ({ status: 200, isAudited: row.method !== 'get', ...row });

const none = z.strictObject({});
const noBody = none.optional();
const ofUser = z.strictObject({ userId });
const ofStoredUser = z.strictObject({ userId: storedUserId });
const ofConversation = z.strictObject({ conversationId });
const ofMessage = z.strictObject({ conversationId, seq: numeric(seq) });
const ofMember = z.strictObject({ conversationId, userId });
const ofReport = z.strictObject({ reportId: COMMANDS.resolveReport.payload.shape.reportId });

const memberQuery = z.strictObject({
  limit: numeric(z.int().min(1).max(LIMITS.memberPageMax)).optional(),
  cursor: cursor.optional(),
});
const { conversationId: _conversation, ...groupChanges } = updateConversationInput.shape;
const groupPatch = z
  .strictObject(groupChanges)
  .refine((changes) => Object.keys(changes).length > 0, 'give something to change');

const USERS = '/api/server/v1/users';
const CONVERSATIONS = '/api/server/v1/conversations';
const CONVERSATION = `${CONVERSATIONS}/:conversationId` as const;
const MESSAGE = `${CONVERSATION}/messages/:seq` as const;
const REPORTS = '/api/server/v1/reports';

const USER_ENDPOINTS = {
  upsertUser: endpoint({
    method: 'put',
    path: `${USERS}/:userId`,
    scope: 'users',
    status: 201,
    params: ofStoredUser,
    query: none,
    body: serverInputs.profileFields,
    answer: serverOutputs.upsertedAnswer,
    codes: [],
    bucket: 'serverWrite',
    repeatSafe: 'values are set',
    summary:
      'Creates a user, or sets name and picture of an existing one. 201 when the user was created, else 200. The user `parley:system` is the sender of system messages.',
  }),
  upsertUsers: endpoint({
    method: 'post',
    path: USERS,
    scope: 'users',
    params: none,
    query: none,
    body: serverInputs.upsertUsersInput,
    answer: serverOutputs.upsertedManyAnswer,
    codes: [],
    bucket: 'serverWrite',
    repeatSafe: 'values are set',
    summary: `Creates or updates up to ${LIMITS.maxUsersPerUpsert} users in one write.`,
  }),
  getUser: endpoint({
    method: 'get',
    path: `${USERS}/:userId`,
    scope: 'users',
    params: ofStoredUser,
    query: none,
    body: noBody,
    answer: z.object({ user: serverOutputs.accountView }),
    codes: ['NOT_FOUND'],
    bucket: 'serverRead',
    summary: 'A user with ban, restriction and token validity.',
  }),
  deleteUser: endpoint({
    method: 'delete',
    path: `${USERS}/:userId`,
    scope: 'users',
    params: ofUser,
    query: none,
    body: noBody,
    answer: serverOutputs.userIdAnswer,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    repeatSafe: 'a deleted user stays deleted',
    summary:
      'Removes name, picture, privacy settings and the last-seen time, and bans the user. Messages stay; delete them one by one where they have to go.',
  }),
  banUser: endpoint({
    method: 'put',
    path: `${USERS}/:userId/ban`,
    scope: 'users',
    params: ofUser,
    query: none,
    body: noBody,
    answer: serverOutputs.userIdAnswer,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    repeatSafe: 'a banned user stays banned',
    summary: 'Refuses all tokens of a user; open connections end within a second.',
  }),
  unbanUser: endpoint({
    method: 'delete',
    path: `${USERS}/:userId/ban`,
    scope: 'users',
    params: ofUser,
    query: none,
    body: noBody,
    answer: serverOutputs.userIdAnswer,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    repeatSafe: 'banned or not',
    summary: 'Accepts the tokens of a banned user again.',
  }),
  revokeUserTokens: endpoint({
    method: 'post',
    path: `${USERS}/:userId/revoke-tokens`,
    scope: 'users',
    params: ofUser,
    query: none,
    body: noBody,
    answer: outputs.revokedAnswer,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    repeatSafe: 'tokens issued before the last call are refused',
    summary: 'Logs a user out on all devices: tokens issued up to now are refused.',
  }),
  issueToken: endpoint({
    method: 'post',
    path: `${USERS}/:userId/token`,
    scope: 'users',
    params: ofUser,
    query: none,
    body: serverInputs.tokenRequest.optional(),
    answer: serverOutputs.tokenAnswer,
    codes: ['FORBIDDEN'],
    bucket: 'serverWrite',
    summary:
      'Signs a token for a user, valid for an hour or `expiresInS`. `FORBIDDEN` when the user is banned, and where the server has only a public key. The answer is never stored: the call ignores `Idempotency-Key`.',
  }),
  getUserUnread: endpoint({
    method: 'get',
    path: `${USERS}/:userId/unread`,
    scope: 'users',
    params: ofUser,
    query: none,
    body: noBody,
    answer: outputs.unreadAnswer,
    codes: [],
    bucket: 'serverRead',
    summary: 'Number of unread messages of a user, and of conversations with unread messages.',
  }),
} as const;

const CONVERSATION_ENDPOINTS = {
  openDirect: endpoint({
    method: 'post',
    path: `${CONVERSATIONS}/direct`,
    scope: 'conversations',
    status: 201,
    params: none,
    query: none,
    body: serverInputs.openDirectInput,
    answer: serverOutputs.openedAnswer,
    codes: ['BLOCKED'],
    bucket: 'serverWrite',
    repeatSafe: 'one conversation per pair',
    summary:
      'Opens the direct conversation of two users, on a match for example, and reopens a closed one. 201 when it was created, else 200. The first user counts as the one who opened it.',
  }),
  openGroup: endpoint({
    method: 'post',
    path: CONVERSATIONS,
    scope: 'conversations',
    status: 201,
    params: none,
    query: none,
    body: serverInputs.serverGroupInput,
    answer: serverOutputs.groupOpenedAnswer,
    codes: ['LIMIT_EXCEEDED', 'CONFLICT', 'NOT_PARTICIPANT'],
    bucket: 'serverWrite',
    repeatSafe: 'a repeated `clientConversationId` (or `Idempotency-Key`) returns the first one',
    summary:
      'Creates a group or a channel with any owner. `refused` lists users who could not be added; all others are members.',
  }),
  getServerConversation: endpoint({
    method: 'get',
    path: CONVERSATION,
    scope: 'conversations',
    params: ofConversation,
    query: none,
    body: noBody,
    answer: z.object({ conversation: serverOutputs.serverConversationView }),
    codes: ['NOT_PARTICIPANT'],
    bucket: 'serverRead',
    summary: 'Any conversation, closed ones too.',
  }),
  changeConversation: endpoint({
    method: 'patch',
    path: CONVERSATION,
    scope: 'conversations',
    params: ofConversation,
    query: none,
    body: groupPatch,
    answer: serverOutputs.conversationIdAnswer,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'serverWrite',
    repeatSafe: 'values are set',
    summary: 'Sets the name, picture or rules of a group or channel.',
  }),
  closeConversation: endpoint({
    method: 'post',
    path: `${CONVERSATION}/close`,
    scope: 'conversations',
    params: ofConversation,
    query: none,
    body: serverInputs.closeInput.optional(),
    answer: serverOutputs.conversationIdAnswer,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'serverWrite',
    repeatSafe: 'a closed conversation stays closed',
    summary:
      'Closes a direct conversation for both users (unmatch). With `userId`, that user may open it again; without, only the backend.',
  }),
  reopenConversation: endpoint({
    method: 'post',
    path: `${CONVERSATION}/reopen`,
    scope: 'conversations',
    params: ofConversation,
    query: none,
    body: noBody,
    answer: serverOutputs.reopenedAnswer,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'serverWrite',
    repeatSafe: 'an open conversation stays open',
    summary: 'Reopens a closed direct conversation with its history.',
  }),
  getServerMembers: endpoint({
    method: 'get',
    path: `${CONVERSATION}/members`,
    scope: 'conversations',
    params: ofConversation,
    query: memberQuery,
    body: noBody,
    answer: COMMANDS.getMembers.answer,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'serverRead',
    summary: 'A page of members of any conversation.',
  }),
  addServerMembers: endpoint({
    method: 'post',
    path: `${CONVERSATION}/members`,
    scope: 'conversations',
    params: ofConversation,
    query: none,
    body: z.strictObject({ userIds: COMMANDS.addMembers.payload.shape.userIds }),
    answer: serverOutputs.membersAddedAnswer,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN', 'LIMIT_EXCEEDED'],
    bucket: 'serverWrite',
    repeatSafe: 'members stay as they are',
    summary:
      'Adds members to a group or channel, whatever their privacy settings say. `refused` lists users who are in too many large groups.',
  }),
  removeServerMember: endpoint({
    method: 'delete',
    path: `${CONVERSATION}/members/:userId`,
    scope: 'conversations',
    params: ofMember,
    query: none,
    body: noBody,
    answer: serverOutputs.conversationIdAnswer,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'serverWrite',
    repeatSafe: 'a user who is not a member is not removed again',
    summary: 'Removes any member of a group or channel except its owner.',
  }),
  listUserConversations: endpoint({
    method: 'get',
    path: `${USERS}/:userId/conversations`,
    scope: 'conversations',
    params: ofUser,
    query: listQuery,
    body: noBody,
    answer: outputs.conversationListAnswer,
    codes: [],
    bucket: 'serverRead',
    summary: "A page of a user's conversations, as that user sees them.",
  }),
} as const;

const MESSAGE_ENDPOINTS = {
  sendServerMessage: endpoint({
    method: 'post',
    path: `${CONVERSATION}/messages`,
    scope: 'messages',
    status: 201,
    params: ofConversation,
    query: none,
    body: serverInputs.serverMessageInput,
    answer: serverOutputs.messageStoredAnswer,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN', 'BLOCKED', 'CONFLICT', 'TOO_LARGE'],
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

const MODERATION_ENDPOINTS = {
  editServerMessage: endpoint({
    method: 'patch',
    path: MESSAGE,
    scope: 'moderation',
    params: ofMessage,
    query: none,
    body: z.strictObject({ content: captionText }),
    answer: serverOutputs.changedAnswer,
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND', 'FORBIDDEN', 'TOO_LARGE'],
    bucket: 'serverWrite',
    repeatSafe: 'an edit to the same text changes nothing',
    summary: 'Replaces the text or caption of any message, whatever its age.',
  }),
  deleteServerMessage: endpoint({
    method: 'delete',
    path: MESSAGE,
    scope: 'moderation',
    params: ofMessage,
    query: none,
    body: noBody,
    answer: serverOutputs.changedAnswer,
    codes: ['NOT_PARTICIPANT', 'NOT_FOUND', 'FORBIDDEN'],
    bucket: 'serverWrite',
    repeatSafe: 'a deleted message stays deleted',
    summary: 'Deletes any message for everyone, whatever its age. The content is removed, the `seq` stays.',
  }),
  restrictServerUser: endpoint({
    method: 'put',
    path: `${USERS}/:userId/restriction`,
    scope: 'moderation',
    params: ofUser,
    query: none,
    body: noBody,
    answer: serverOutputs.userIdAnswer,
    codes: [],
    bucket: 'serverWrite',
    repeatSafe: 'a restriction keeps its start',
    summary: 'Shadow-restricts a user: they can go on sending, but no other user sees it.',
  }),
  unrestrictServerUser: endpoint({
    method: 'delete',
    path: `${USERS}/:userId/restriction`,
    scope: 'moderation',
    params: ofUser,
    query: none,
    body: noBody,
    answer: serverOutputs.userIdAnswer,
    codes: [],
    bucket: 'serverWrite',
    repeatSafe: 'restricted or not',
    summary: 'Lifts a restriction.',
  }),
  listServerReports: endpoint({
    method: 'get',
    path: REPORTS,
    scope: 'moderation',
    params: none,
    query: memberQuery.extend({ status: COMMANDS.getReports.payload.shape.status }),
    body: noBody,
    answer: COMMANDS.getReports.answer,
    codes: [],
    bucket: 'serverRead',
    summary: 'A page of reports with their context, oldest first.',
  }),
  resolveServerReport: endpoint({
    method: 'post',
    path: `${REPORTS}/:reportId/resolve`,
    scope: 'moderation',
    params: ofReport,
    query: none,
    body: z.strictObject({ resolution: COMMANDS.resolveReport.payload.shape.resolution }),
    answer: COMMANDS.resolveReport.answer,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    repeatSafe: 'the first resolution stays',
    summary: 'Resolves a report.',
  }),
  listAudit: endpoint({
    method: 'get',
    path: '/api/server/v1/audit',
    scope: 'moderation',
    params: none,
    query: z.strictObject({
      limit: numeric(z.int().min(1).max(LIMITS.auditPageMax)).optional(),
      cursor: cursor.optional(),
    }),
    body: noBody,
    answer: serverOutputs.auditAnswer,
    codes: [],
    bucket: 'serverRead',
    summary: 'A page of the audit log, newest first: calls of API keys, acts of moderators and of operators.',
  }),
} as const;

/** All endpoints of the app's backend. They need an API key with the scope of the row; user tokens are refused. */
export const SERVER_ENDPOINTS = {
  ...USER_ENDPOINTS,
  ...CONVERSATION_ENDPOINTS,
  ...MESSAGE_ENDPOINTS,
  ...MODERATION_ENDPOINTS,
} as const;

export type ServerEndpointName = keyof typeof SERVER_ENDPOINTS;
export const SERVER_ENDPOINT_NAMES = Object.keys(SERVER_ENDPOINTS) as ServerEndpointName[];

export interface ServerEndpointInput<Name extends ServerEndpointName> {
  params: z.output<(typeof SERVER_ENDPOINTS)[Name]['params']>;
  query: z.output<(typeof SERVER_ENDPOINTS)[Name]['query']>;
  body: z.output<(typeof SERVER_ENDPOINTS)[Name]['body']>;
}
export type ServerEndpointData<Name extends ServerEndpointName> = z.output<
  (typeof SERVER_ENDPOINTS)[Name]['answer']
>;

/** Key of a writing call. The same key again is answered with the first answer. */
export const idempotencyKey = z
  .string()
  .max(LIMITS.maxIdempotencyKeyChars)
  .regex(/^[A-Za-z0-9_.:-]+$/, 'must be letters, digits and _ . : - only');
