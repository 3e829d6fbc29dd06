import { attachmentCommands } from './attachments.js';
import { changesCommands } from './changes.js';
import { coreCommands } from './core.js';
import { groupsCommands } from './groups.js';
import { listCommands } from './list.js';
import { pushCommands } from './push.js';
import { safetyCommands } from './safety.js';
import { searchCommands } from './search.js';
import type { CommandHandlers, CommandDeps } from './types.js';

/**
 * Builds the handlers of all commands, for every entry point. A command of the contract without one is a compile
 * error.
 */
export const createCommands = (deps: CommandDeps): CommandHandlers => ({
  ...coreCommands(deps),
  ...groupsCommands(deps),
  ...changesCommands(deps),
  ...listCommands(deps),
  ...safetyCommands(deps),
  ...searchCommands(deps),
  ...attachmentCommands(deps),
  ...pushCommands(deps),
});
