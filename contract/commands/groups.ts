import { z } from 'zod';
import { command } from '../command.js';
import { historyMode, role } from '../content.js';
import { LIMITS } from '../limits.js';
import { conversationAnswer, oneConversationAnswer } from '../outputs.js';
import {
  clientConversationId,
  conversationId,
  cursor,
  displayName,
  pictureUrl,
  seqOrZero,
  userId,
} from '../primitives.js';
import { userView } from '../views.js';

const someUsers = z.array(userId).min(1).max(LIMITS.maxUsersPerChange);

export const createGroupInput = z.strictObject({
  type: z.enum(['group', 'channel']).optional(),
  name: displayName,
  /** Besides the creator, who is always a member and its owner. */
  participants: z.array(userId).max(LIMITS.sizes.large),
  avatar: pictureUrl.optional(),
  clientConversationId: clientConversationId.optional(),
  /** Left out: `joined` in groups, `all` in channels. */
  history: historyMode.optional(),
  /** Whether anybody who knows its id may join. Left out: channels only. */
  open: z.boolean().optional(),
});
export type CreateGroupInput = z.infer<typeof createGroupInput>;

export const updateConversationInput = z
  .strictObject({
    conversationId,
    name: displayName.optional(),
    /** `null` takes it away. */
    avatar: pictureUrl.nullable().optional(),
    history: historyMode.optional(),
    open: z.boolean().optional(),
  })
  .refine(({ conversationId: _, ...changes }) => Object.keys(changes).length > 0, 'give something to change');
export type UpdateConversationInput = z.infer<typeof updateConversationInput>;

export const listedMember = userView.extend({ role, joinedSeq: seqOrZero });
export type ListedMember = z.infer<typeof listedMember>;

const MEMBER_CODES = ['NOT_PARTICIPANT', 'FORBIDDEN'] as const;
const pair = { ok: 'conversation:result', error: 'conversation:error' } as const;

/** Groups and channels: who is in them and who may do what. */
export const GROUP_COMMANDS = {
  createGroup: command({
    payload: createGroupInput,
    answer: conversationAnswer,
    pair: { ok: 'conversation:created', error: 'conversation:error' },
    codes: ['LIMIT_EXCEEDED', 'CONFLICT', 'BLOCKED'],
    bucket: 'open',
    repeatSafe: 'the same `clientConversationId` returns the first; without one, each call makes a group',
    summary: 'Makes a group or a channel; the caller is its owner.',
  }),
  getMembers: command({
    payload: z.strictObject({
      conversationId,
      limit: z.int().min(1).max(LIMITS.memberPageMax).optional(),
      cursor: cursor.optional(),
    }),
    answer: z.object({
      members: z.array(listedMember),
      memberCount: z.int(),
      nextCursor: cursor.optional(),
    }),
    pair: { ok: 'members:list', error: 'conversation:error' },
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: 'A page of members: owner, admins, then the others in the order of joining.',
  }),
  addMembers: command({
    payload: z.strictObject({ conversationId, userIds: someUsers }),
    answer: oneConversationAnswer,
    pair,
    codes: [...MEMBER_CODES, 'LIMIT_EXCEEDED', 'BLOCKED'],
    bucket: 'open',
    repeatSafe: 'who is a member already is left as they are',
    summary: 'Adds members to a group (owner and admins).',
  }),
  removeMember: command({
    payload: z.strictObject({ conversationId, userId }),
    answer: oneConversationAnswer,
    pair,
    codes: MEMBER_CODES,
    bucket: 'open',
    repeatSafe: 'who is not a member is not removed again',
    summary: 'Removes a member: from then on they neither hear nor read nor send.',
  }),
  joinConversation: command({
    payload: z.strictObject({ conversationId }),
    answer: oneConversationAnswer,
    pair,
    codes: ['NOT_PARTICIPANT', 'LIMIT_EXCEEDED'],
    bucket: 'open',
    repeatSafe: 'a member stays one',
    summary: 'Joins an open channel or group.',
  }),
  leaveConversation: command({
    payload: z.strictObject({ conversationId }),
    answer: z.object({ conversationId }),
    pair,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'open',
    repeatSafe: 'who has left is told so again',
    summary: 'Leaves a group or channel; an owner hands it on to the oldest admin, else the oldest member.',
  }),
  setRole: command({
    payload: z.strictObject({ conversationId, userId, role }),
    answer: oneConversationAnswer,
    pair,
    codes: [...MEMBER_CODES, 'NOT_FOUND'],
    bucket: 'open',
    repeatSafe: 'a role is set, not changed by steps',
    summary: 'Makes a member admin, member, or the owner (who then becomes admin).',
  }),
  updateConversation: command({
    payload: updateConversationInput,
    answer: oneConversationAnswer,
    pair,
    codes: MEMBER_CODES,
    bucket: 'open',
    repeatSafe: 'values are set',
    summary: 'Sets the name, picture or rules of a group (owner and admins).',
  }),
  openConversation: command({
    payload: z.strictObject({ conversationId, open: z.boolean() }),
    answer: z.object({ conversationId, lastSeq: seqOrZero, rev: seqOrZero }),
    pair,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'a connection is in or out',
    summary:
      'This connection looks at a large group or channel now, and hears its messages live; others hear its head. Again after every reconnect.',
  }),
} as const;
