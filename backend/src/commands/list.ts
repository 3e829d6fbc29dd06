import type { LIST_COMMANDS } from '../../../contract/commands/list.js';
import type { AreaHandlers, CommandContext, CommandParts } from './types.js';

const callerOf = ({ principal, socketId }: CommandContext) => ({ userId: principal.userId, socketId });

export const listCommands = ({
  ownState,
}: Pick<CommandParts, 'ownState'>): AreaHandlers<typeof LIST_COMMANDS> => ({
  setConversation: async (context, { conversationId, ...settings }) => ({
    own: await ownState.set(callerOf(context), conversationId, settings),
  }),
  clearHistory: async (context, { conversationId }) => ({
    own: await ownState.clear(callerOf(context), conversationId),
  }),
  deleteConversation: async (context, { conversationId }) => ({
    own: await ownState.delete(callerOf(context), conversationId),
  }),
});
