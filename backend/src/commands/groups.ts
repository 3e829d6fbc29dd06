import type { GROUP_COMMANDS } from '../../../contract/commands/groups.js';
import { notReady } from './notReady.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const groupsCommands = (_parts: CommandParts): AreaHandlers<typeof GROUP_COMMANDS> => ({
  createGroup: notReady,
  getMembers: notReady,
  addMembers: notReady,
  removeMember: notReady,
  joinConversation: notReady,
  leaveConversation: notReady,
  setRole: notReady,
  updateConversation: notReady,
});
