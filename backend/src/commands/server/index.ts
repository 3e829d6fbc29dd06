import { serverConversationCommands } from './conversations.js';
import { serverMessageCommands } from './messages.js';
import { serverModerationCommands } from './moderation.js';
import type { ServerCommandDeps, ServerHandlers } from './types.js';
import { serverUserCommands } from './users.js';
import { serverWebhookCommands } from './webhooks.js';

export { createRunAs } from './runAs.js';
export type { ServerCall, ServerCommandDeps, ServerHandlers } from './types.js';

/** Builds the handlers of the server-side API. An endpoint of the contract without one is a compile error. */
export const createServerCommands = (deps: ServerCommandDeps): ServerHandlers => ({
  ...serverUserCommands(deps),
  ...serverConversationCommands(deps),
  ...serverMessageCommands(deps),
  ...serverModerationCommands(deps),
  ...serverWebhookCommands(deps),
});
