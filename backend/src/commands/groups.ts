import type { CommandName } from '../../../contract/index.js';
import type { GROUP_COMMANDS } from '../../../contract/commands/groups.js';
import type { Caller } from '../services/groups/index.js';
import { hasRole } from '../services/users/index.js';
import type { AreaHandlers, CommandContext, CommandDeps } from './types.js';

const callerOf = ({
  principal,
  socketId,
}: Pick<CommandContext<CommandName>, 'principal' | 'socketId'>): Caller => ({
  userId: principal.userId,
  socketId,
  isTrusted: hasRole(principal, 'backend', 'moderator'),
});

export const groupsCommands = ({
  groups,
  memberList,
}: Pick<CommandDeps, 'groups' | 'memberList'>): AreaHandlers<typeof GROUP_COMMANDS> => ({
  createGroup: (context, payload) => groups.create(callerOf(context), payload),
  getMembers: ({ principal }, { conversationId, ...page }) =>
    memberList.page(principal.userId, conversationId, page),
  addMembers: (context, { conversationId, userIds }) =>
    groups.add(callerOf(context), conversationId, userIds),
  removeMember: async (context, { conversationId, userId }) => ({
    conversation: await groups.remove(callerOf(context), conversationId, userId),
  }),
  joinConversation: async (context, { conversationId }) => ({
    conversation: await groups.join(callerOf(context), conversationId),
  }),
  leaveConversation: async (context, { conversationId }) => {
    await groups.leave(callerOf(context), conversationId);
    return { conversationId };
  },
  setRole: async (context, { conversationId, ...wish }) => ({
    conversation: await groups.setRole(callerOf(context), conversationId, wish),
  }),
  updateConversation: async (context, payload) => ({
    conversation: await groups.update(callerOf(context), payload),
  }),
});
