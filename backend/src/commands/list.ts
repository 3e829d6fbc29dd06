import type { LIST_COMMANDS } from '../../../contract/commands/list.js';
import { notReady } from './notReady.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const listCommands = (_parts: CommandParts): AreaHandlers<typeof LIST_COMMANDS> => ({
  setConversation: notReady,
  clearHistory: notReady,
  deleteConversation: notReady,
});
