import type { SEARCH_COMMANDS } from '../../../contract/commands/search.js';
import type { AreaHandlers, CommandDeps } from './types.js';

export const searchCommands = ({
  search,
}: Pick<CommandDeps, 'search'>): AreaHandlers<typeof SEARCH_COMMANDS> => ({
  searchMessages: ({ principal }, payload) => search.search(principal.userId, payload),
});
