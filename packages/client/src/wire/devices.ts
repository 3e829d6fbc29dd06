/** Services that deliver push notifications to devices. */
export type PushProviderName = 'fcm' | 'apns' | 'expo' | 'webpush';

/** How much of a message a notification shows: its text and sender, the sender only, or neither. */
export type PushContent = 'none' | 'sender' | 'full';

export interface DeviceInput {
  /** Device token of the provider. For `webpush`: the push subscription as JSON text. */
  token: string;
  provider: PushProviderName;
  platform: 'ios' | 'android' | 'web';
  /** Language tag of the device. */
  locale?: string | undefined;
  appVersion?: string | undefined;
}

export interface NotificationsView {
  /** False when the user wishes no notifications on any device. */
  enabled: boolean;
  content: PushContent;
  /** Providers that the server can push through. Empty while push is switched off. */
  providers: PushProviderName[];
  /** Key that a page needs to subscribe to web push (`applicationServerKey`). */
  vapidPublicKey?: string | undefined;
}

/** At least one setting. */
export interface NotificationsInput {
  enabled?: boolean | undefined;
  content?: PushContent | undefined;
}

export interface DeviceCommands {
  registerDevice: { payload: DeviceInput; data: { deviceId: string } };
  unregisterDevice: { payload: { token: string; provider: PushProviderName }; data: { deviceId: string } };
  setForeground: { payload: { foreground: boolean }; data: { foreground: boolean } };
  getNotifications: { payload: Record<string, never>; data: { notifications: NotificationsView } };
  updateNotifications: { payload: NotificationsInput; data: { notifications: NotificationsView } };
}
