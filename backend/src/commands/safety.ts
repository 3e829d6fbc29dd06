import { SYSTEM_USER_ID, type CommandName } from '../../../contract/index.js';
import type { SAFETY_COMMANDS } from '../../../contract/commands/safety.js';
import type { Act } from '../services/backendAccess/index.js';
import { forbidden } from '../services/membership/index.js';
import { hasRole, type Principal } from '../services/users/index.js';
import type { AreaHandlers, CommandContext, CommandDeps } from './types.js';

/** @throws AppError `FORBIDDEN`. */
function requireModerator(principal: Principal): void {
  if (!hasRole(principal, 'moderator')) throw forbidden('Only moderators may do this.');
}

type SafetyDeps = Pick<CommandDeps, 'safety' | 'users' | 'audit'>;

/** Runs an act of a moderator and records it. An act of the app's backend is recorded with its API key already. */
const recorded = <Data extends object>(
  audit: CommandDeps['audit'],
  { principal, address }: Pick<CommandContext<CommandName>, 'principal' | 'address'>,
  { work, ...act }: Pick<Act, 'action' | 'targets'> & { work: () => Promise<Data> },
): Promise<Data> => {
  const { userId } = principal;
  if (userId === SYSTEM_USER_ID) return work();
  const from = address === undefined ? {} : { from: address };
  return audit.record({ actor: { kind: 'moderator', id: userId }, ...act, ...from }, work);
};

/** Commands of moderators. */
const moderationCommands = ({
  safety,
  users,
  audit,
}: SafetyDeps): Pick<
  AreaHandlers<typeof SAFETY_COMMANDS>,
  'getReports' | 'resolveReport' | 'getAudit' | 'restrictUser'
> => ({
  getReports: async ({ principal }, payload) => {
    requireModerator(principal);
    return safety.reports.list(payload);
  },
  getAudit: async ({ principal }, page) => {
    requireModerator(principal);
    return audit.page(page);
  },
  resolveReport: async ({ principal, address }, { reportId, ...decision }) => {
    requireModerator(principal);
    return recorded(
      audit,
      { principal, address },
      {
        action: decision.decision === undefined ? 'resolveReport' : `resolveReport:${decision.decision}`,
        targets: { reportId },
        work: async () => {
          await safety.decisions.decide(principal.userId, reportId, decision);
          return { reportId };
        },
      },
    );
  },
  restrictUser: async ({ principal, address }, { userId, restricted }) => {
    requireModerator(principal);
    return recorded(
      audit,
      { principal, address },
      {
        action: restricted ? 'restrictUser' : 'unrestrictUser',
        targets: { userIds: [userId] },
        work: async () => {
          await users.setRestriction(userId, restricted);
          return { userId, restricted };
        },
      },
    );
  },
});

export const safetyCommands = (deps: SafetyDeps): AreaHandlers<typeof SAFETY_COMMANDS> => {
  const { safety, users } = deps;
  return {
    ...moderationCommands(deps),
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
  };
};
