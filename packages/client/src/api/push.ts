import type { DeviceInput, NotificationsInput, NotificationsView } from '../wire/index.js';
import type { ParleyClient } from './client.js';
import type { ParleyLifecycle } from './options.js';

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

export interface PushOptions {
  /** Tells when the app is in use: the lifecycle that the client has. Without one, it is in use while it is connected. */
  lifecycle?: ParleyLifecycle | undefined;
}

/** A client with push notifications. Its `logout` also ends the notifications to this device. */
export interface PushClient extends ParleyClient {
  readonly push: PushApi;
  /**
   * Tells whether the app is in use: in the background, the user counts as offline and gets push notifications. The lifecycle
   * does it by itself.
   */
  setForeground: (isForeground: boolean) => void;
}
