import type { ParleyClient } from '../api/client.js';
import type { PushApi, PushClient, PushOptions } from '../api/push.js';
import { Device } from './device.js';

/**
 * Adds push notifications to a client. Use the returned client from then on: its `logout` ends the notifications to this
 * device.
 *
 * ```ts
 * const client = withPush(createParleyClient({ url, getToken, lifecycle }), { lifecycle });
 * await client.push.register({ provider: 'fcm', platform: 'android', token });
 * ```
 */
export function withPush(client: ParleyClient, { lifecycle }: PushOptions = {}): PushClient {
  const device = new Device(client);
  const setForeground = (isForeground: boolean): void => device.setForeground(isForeground);
  const removers = [
    client.on('connectionStateChanged', ({ status }) => {
      if (status === 'online') device.connected();
    }),
  ];
  if (lifecycle !== undefined) {
    // A push notification may start an app in the background.
    setForeground(lifecycle.isForeground());
    removers.push(lifecycle.onForegroundChange(setForeground));
  }
  const push: PushApi = {
    register: (input) => device.register(input),
    unregister: () => device.unregister(),
    getNotifications: async () => (await client.command('getNotifications', {})).notifications,
    updateNotifications: async (changes) =>
      (await client.command('updateNotifications', changes)).notifications,
  };
  // Everything else is the client's own, getters included.
  return Object.assign(Object.create(client) as ParleyClient, {
    push,
    setForeground,
    async logout(): Promise<void> {
      await device.leave();
      await client.logout();
    },
    async dispose(): Promise<void> {
      for (const remove of removers) remove();
      await client.dispose();
    },
  });
}
