import type { CHANGE_COMMANDS } from '../../../contract/commands/changes.js';
import { notReady } from './notReady.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const changesCommands = (_parts: CommandParts): AreaHandlers<typeof CHANGE_COMMANDS> => ({
  editMessage: notReady,
  deleteMessage: notReady,
  react: notReady,
  pinMessage: notReady,
  getChanges: notReady,
  getEdits: notReady,
  getReactions: notReady,
  getReceipts: notReady,
});
