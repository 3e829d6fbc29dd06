import type { DeviceInput, NotificationsInput, NotificationsView } from '../wire/index.js';

export interface PushApi {
  /**
   * Sends push notifications for the signed-in user to this device: now, and again after every connect, until `unregister`
   * or `logout`. Call it at every start of the app, and with the new token when the provider has changed it. Resolves
   * without a connection, too.
   *
   * @throws ParleyError with `NOT_CONFIGURED` when the server does not use this provider.
   */
  register: (device: DeviceInput) => Promise<void>;
  /** Ends the notifications to this device. `logout` does it as well. @throws ParleyError */
  unregister: () => Promise<void>;
  /** Settings of the user, and what the server can push through. @throws ParleyError */
  getNotifications: () => Promise<NotificationsView>;
  /** @throws ParleyError */
  updateNotifications: (changes: NotificationsInput) => Promise<NotificationsView>;
}
