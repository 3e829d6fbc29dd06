import type { SEARCH_COMMANDS } from '../../../contract/commands/search.js';
import { notReady } from './notReady.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const searchCommands = (_parts: CommandParts): AreaHandlers<typeof SEARCH_COMMANDS> => ({
  searchMessages: notReady,
});
