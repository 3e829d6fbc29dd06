import { z } from 'zod';
import { command } from '../command.js';
import { historyMode, role } from '../content.js';
import { LIMITS } from '../limits.js';
import { addedAnswer, groupAnswer, oneConversationAnswer } from '../outputs.js';
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
  /** Initial members. The creator is always a member, and the owner. */
  participants: z.array(userId).max(LIMITS.sizes.large),
  avatar: pictureUrl.optional(),
  clientConversationId: clientConversationId.optional(),
  /** Default: `joined` for groups, `all` for channels. */
  history: historyMode.optional(),
  /** Whether any user who knows the id may join. Default: true for channels only. */
  open: z.boolean().optional(),
});
export type CreateGroupInput = z.infer<typeof createGroupInput>;

export const updateConversationInput = z
  .strictObject({
    conversationId,
    name: displayName.optional(),
    /** `null` removes the picture. */
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

/** Groups and channels: members, roles and settings. */
export const GROUP_COMMANDS = {
  createGroup: command({
    payload: createGroupInput,
    answer: groupAnswer,
    pair: { ok: 'conversation:created', error: 'conversation:error' },
    codes: ['LIMIT_EXCEEDED', 'CONFLICT', 'NOT_PARTICIPANT'],
    bucket: 'open',
    repeatSafe:
      'a repeated `clientConversationId` returns the first group (`NOT_PARTICIPANT` when the caller has left it since); without one, each call creates a group',
    summary:
      'Creates a group or a channel with the caller as its owner. `refused` lists the users who could not be added; all others are members.',
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
    summary: 'A page of members: owner, admins, then the others in the order in which they joined.',
  }),
  addMembers: command({
    payload: z.strictObject({ conversationId, userIds: someUsers }),
    answer: addedAnswer,
    pair,
    codes: [...MEMBER_CODES, 'LIMIT_EXCEEDED'],
    bucket: 'open',
    repeatSafe: 'members stay as they are',
    summary:
      'Adds members to a group (owner and admins only). `refused` lists the users who could not be added; all others are members.',
  }),
  removeMember: command({
    payload: z.strictObject({ conversationId, userId }),
    answer: oneConversationAnswer,
    pair,
    codes: MEMBER_CODES,
    bucket: 'open',
    repeatSafe: 'a user who is not a member is not removed again',
    summary: 'Removes a member: from then on they cannot receive, read or send (owner and admins only).',
  }),
  joinConversation: command({
    payload: z.strictObject({ conversationId }),
    answer: oneConversationAnswer,
    pair,
    codes: ['NOT_PARTICIPANT', 'LIMIT_EXCEEDED'],
    bucket: 'open',
    repeatSafe: 'a member stays a member',
    summary: 'Joins an open channel or group.',
  }),
  leaveConversation: command({
    payload: z.strictObject({ conversationId }),
    answer: z.object({ conversationId }),
    pair,
    codes: ['NOT_PARTICIPANT', 'FORBIDDEN'],
    bucket: 'open',
    repeatSafe: 'a former member gets the same answer again',
    summary:
      'Leaves a group or channel. When the owner leaves, the longest-standing admin, else member, becomes the owner.',
  }),
  setRole: command({
    payload: z.strictObject({ conversationId, userId, role }),
    answer: oneConversationAnswer,
    pair,
    codes: [...MEMBER_CODES, 'NOT_FOUND'],
    bucket: 'open',
    repeatSafe: 'the role is set',
    summary:
      'Sets the role of a member (owner only). A new owner replaces the old one, who becomes an admin.',
  }),
  updateConversation: command({
    payload: updateConversationInput,
    answer: oneConversationAnswer,
    pair,
    codes: MEMBER_CODES,
    bucket: 'open',
    repeatSafe: 'values are set',
    summary: 'Sets the name, picture or rules of a group (owner and admins only).',
  }),
  watchConversation: command({
    payload: z.strictObject({ conversationId, watching: z.boolean() }),
    answer: z.object({ conversationId, lastSeq: seqOrZero, rev: seqOrZero }),
    pair,
    codes: ['NOT_PARTICIPANT'],
    bucket: 'read',
    repeatSafe: 'a connection watches or does not',
    summary:
      'Starts or stops the live delivery of a large group or channel to this connection; other connections receive its head only. Call it again after every reconnect.',
  }),
} as const;
