import type { SAFETY_COMMANDS } from '../../../contract/commands/safety.js';
import { forbidden } from '../services/membership/index.js';
import { hasRole, type Principal } from '../services/users/index.js';
import type { AreaHandlers, CommandDeps } from './types.js';

/** @throws AppError `FORBIDDEN`. */
function requireModerator(principal: Principal): void {
  if (!hasRole(principal, 'moderator')) throw forbidden('Only moderators may do this.');
}

export const safetyCommands = ({
  safety,
  users,
}: Pick<CommandDeps, 'safety' | 'users'>): AreaHandlers<typeof SAFETY_COMMANDS> => ({
  blockUser: async ({ principal }, { userId, blocked }) => {
    await safety.blocks.set(principal.userId, userId, blocked);
    return { userId, blocked };
  },
  getBlocked: ({ principal }, page) => safety.blocks.list(principal.userId, page),
  unmatch: async ({ principal }, { conversationId }) => {
    await safety.matches.unmatch(principal.userId, conversationId);
    return { conversationId };
  },
  report: async ({ principal }, payload) => ({
    reportId: await safety.reports.report(principal.userId, payload),
  }),
  getReports: async ({ principal }, payload) => {
    requireModerator(principal);
    return safety.reports.list(payload);
  },
  resolveReport: async ({ principal }, { reportId, resolution }) => {
    requireModerator(principal);
    await safety.reports.resolve(principal.userId, reportId, resolution);
    return { reportId };
  },
  restrictUser: async ({ principal }, { userId, restricted }) => {
    requireModerator(principal);
    await users.setRestriction(userId, restricted);
    return { userId, restricted };
  },
  getPrivacy: async ({ principal }) => {
    await users.views([principal.userId]);
    return { privacy: users.knownPrivacy(principal.userId) };
  },
  updatePrivacy: async ({ principal }, { readReceipts, lastSeen, typing, addToGroups }) => ({
    privacy: await users.setPrivacy(principal.userId, {
      ...(readReceipts !== undefined && { readReceipts }),
      ...(lastSeen !== undefined && { lastSeen }),
      ...(typing !== undefined && { typing }),
      ...(addToGroups !== undefined && { addToGroups }),
    }),
  }),
});
