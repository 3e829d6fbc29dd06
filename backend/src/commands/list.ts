import type { CommandName } from '../../../contract/index.js';
import type { LIST_COMMANDS } from '../../../contract/commands/list.js';
import type { AreaHandlers, CommandContext, CommandDeps } from './types.js';

const callerOf = ({ principal, socketId }: Pick<CommandContext<CommandName>, 'principal' | 'socketId'>) => ({
  userId: principal.userId,
  socketId,
});

export const listCommands = ({
  settings: settingsService,
}: Pick<CommandDeps, 'settings'>): AreaHandlers<typeof LIST_COMMANDS> => ({
  updateSettings: async (context, { conversationId, ...settings }) => ({
    settings: await settingsService.update(callerOf(context), conversationId, settings),
  }),
  clearHistory: async (context, { conversationId }) => ({
    settings: await settingsService.clear(callerOf(context), conversationId),
  }),
  deleteConversation: async (context, { conversationId }) => ({
    settings: await settingsService.delete(callerOf(context), conversationId),
  }),
});
