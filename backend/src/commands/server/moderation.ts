import { SYSTEM_USER_ID } from '../../../../contract/index.js';
import type { ServerCommandDeps, ServerHandlers } from './types.js';

type ModerationEndpoints =
  | 'editServerMessage'
  | 'deleteServerMessage'
  | 'restrictServerUser'
  | 'unrestrictServerUser'
  | 'listServerReports'
  | 'resolveServerReport'
  | 'listAudit';

/** Moderation of any conversation. */
export const serverModerationCommands = ({
  services: { users, audit },
  runAs,
}: ServerCommandDeps): ServerHandlers<ModerationEndpoints> => ({
  editServerMessage: async ({ params, body }) => {
    const { change } = await runAs(SYSTEM_USER_ID, 'editMessage', { ...params, ...body });
    return { conversationId: change.conversationId, seq: change.seq, rev: change.rev };
  },
  deleteServerMessage: ({ params }) => runAs(SYSTEM_USER_ID, 'deleteMessage', { ...params, for: 'everyone' }),
  restrictServerUser: async ({ params: { userId } }) => {
    await users.setRestriction(userId, true);
    return { userId };
  },
  unrestrictServerUser: async ({ params: { userId } }) => {
    await users.setRestriction(userId, false);
    return { userId };
  },
  listServerReports: ({ query }) => runAs(SYSTEM_USER_ID, 'getReports', query),
  resolveServerReport: ({ params, body }) => runAs(SYSTEM_USER_ID, 'resolveReport', { ...params, ...body }),
  listAudit: ({ query }) => audit.page(query),
});
