import type { SAFETY_COMMANDS } from '../../../contract/commands/safety.js';
import { notReady } from './notReady.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const safetyCommands = (_parts: CommandParts): AreaHandlers<typeof SAFETY_COMMANDS> => ({
  blockUser: notReady,
  getBlocked: notReady,
  unmatch: notReady,
  report: notReady,
  getReports: notReady,
  resolveReport: notReady,
  restrictUser: notReady,
  getPrivacy: notReady,
  setPrivacy: notReady,
});
