import type { PUSH_COMMANDS } from '../../../contract/commands/push.js';
import type { AreaHandlers, CommandDeps } from './types.js';

export const pushCommands = ({
  push: { devices },
}: Pick<CommandDeps, 'push'>): AreaHandlers<typeof PUSH_COMMANDS> => ({
  registerDevice: async ({ principal }, device) => ({
    deviceId: await devices.register(principal, device),
  }),
  unregisterDevice: async ({ principal }, device) => ({
    deviceId: await devices.unregister(principal.userId, device),
  }),
  getNotifications: async ({ principal }) => ({
    notifications: await devices.notifications(principal.userId),
  }),
  updateNotifications: async ({ principal }, { enabled, content }) => ({
    notifications: await devices.setNotifications(principal.userId, {
      ...(enabled !== undefined && { enabled }),
      ...(content !== undefined && { content }),
    }),
  }),
});
