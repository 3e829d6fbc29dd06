import { z } from 'zod';
import { updateConversationInput } from '../commands/groups.js';
import { listQuery } from '../endpoints.js';
import { COMMANDS } from '../events.js';
import * as outputs from '../outputs.js';
import * as inputs from './inputs.js';
import * as answers from './outputs.js';
import {
  CONVERSATION,
  CONVERSATIONS,
  endpoint,
  memberQuery,
  noBody,
  none,
  ofConversation,
  ofMember,
  ofUser,
  USERS,
} from './row.js';

const { conversationId: _conversation, ...groupChanges } = updateConversationInput.shape;
const groupPatch = z
  .strictObject(groupChanges)
  .refine((changes) => Object.keys(changes).length > 0, 'give something to change');

/** Conversations of any users, and their members. */
export const CONVERSATION_ENDPOINTS = {
  openDirect: endpoint({
    method: 'post',
    path: `${CONVERSATIONS}/direct`,
    scope: 'conversations',
    status: 201,
    params: none,
    query: none,
    body: inputs.openDirectInput,
    answer: answers.openedAnswer,
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
    body: inputs.serverGroupInput,
    answer: answers.groupOpenedAnswer,
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
    answer: z.object({ conversation: answers.serverConversationView }),
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
    answer: answers.conversationIdAnswer,
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
    body: inputs.closeInput.optional(),
    answer: answers.conversationIdAnswer,
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
    answer: answers.reopenedAnswer,
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
    answer: answers.membersAddedAnswer,
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
    answer: answers.conversationIdAnswer,
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
