import { z } from 'zod';
import { command } from '../command.js';
import { LIMITS } from '../limits.js';
import { cleanString } from '../text.js';

const pair = { ok: 'notifications:result', error: 'notifications:error' } as const;

/** Services that deliver push notifications to devices. */
export const PUSH_PROVIDERS = ['fcm', 'apns', 'expo', 'webpush'] as const;
export const pushProvider = z.enum(PUSH_PROVIDERS);
export type PushProviderName = z.infer<typeof pushProvider>;

/**
 * How much of a message a notification shows: its text and sender, the sender only, or neither. The server may allow less
 * than a user wishes (`PUSH_CONTENT`).
 */
export const PUSH_CONTENTS = ['none', 'sender', 'full'] as const;
export const pushContent = z.enum(PUSH_CONTENTS);
export type PushContent = z.infer<typeof pushContent>;

/** Device token of a provider. For `webpush`: the push subscription as JSON text, with `endpoint` and `keys`. */
const deviceToken = cleanString(LIMITS.maxDeviceTokenChars).min(1);

export const deviceInput = z.strictObject({
  token: deviceToken,
  provider: pushProvider,
  platform: z.enum(['ios', 'android', 'web']),
  /** Language of the device as a BCP 47 tag: passed on to web pages, which show notifications themselves. */
  locale: z
    .string()
    .max(LIMITS.maxLocaleChars)
    .regex(/^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/, 'must be a language tag')
    .optional(),
  appVersion: cleanString(LIMITS.maxAppVersionChars).min(1).optional(),
});
export type DeviceInput = z.infer<typeof deviceInput>;

export const notificationsView = z.object({
  /** False when the user wishes no notifications on any device. */
  enabled: z.boolean(),
  content: pushContent,
  /** Providers that this server can push through. Empty while push is switched off. */
  providers: z.array(pushProvider),
  /** Key that a page needs to subscribe to web push (`applicationServerKey`). */
  vapidPublicKey: z.string().optional(),
});
export type NotificationsView = z.infer<typeof notificationsView>;

/** Push notifications: devices, settings, and whether the app is in use. */
export const PUSH_COMMANDS = {
  registerDevice: command({
    payload: deviceInput,
    answer: z.object({ deviceId: z.string() }),
    pair: { ok: 'device:registered', error: 'device:error' },
    codes: ['NOT_CONFIGURED'],
    bucket: 'profile',
    repeatSafe: 'one device per token: it belongs to the user who registered it last',
    summary:
      'Registers a device for push notifications, until it is unregistered or the tokens of the user are revoked. Repeat it at every start of the app.',
  }),
  unregisterDevice: command({
    payload: deviceInput.pick({ token: true, provider: true }),
    answer: z.object({ deviceId: z.string() }),
    pair: { ok: 'device:unregistered', error: 'device:error' },
    codes: [],
    bucket: 'profile',
    repeatSafe: 'a device that is not registered stays so',
    summary: 'Ends push notifications to a device of the caller: part of every logout.',
  }),
  setForeground: command({
    payload: z.strictObject({ foreground: z.boolean() }),
    answer: z.object({ foreground: z.boolean() }),
    pair: { ok: 'foreground:set', error: 'foreground:error' },
    codes: [],
    bucket: 'presence',
    repeatSafe: 'the last one counts',
    summary:
      'Tells whether the app of this connection is in use. A user with connections in the background only counts as offline and is sent push notifications. A new connection counts as in use.',
  }),
  getNotifications: command({
    payload: z.strictObject({}),
    answer: z.object({ notifications: notificationsView }),
    pair,
    codes: [],
    bucket: 'read',
    repeatSafe: 'reads only',
    summary: "The caller's notification settings, and what this server can push through.",
  }),
  updateNotifications: command({
    payload: z
      .strictObject({ enabled: z.boolean().optional(), content: pushContent.optional() })
      .refine((settings) => Object.keys(settings).length > 0, 'give something to set'),
    answer: z.object({ notifications: notificationsView }),
    pair,
    codes: [],
    bucket: 'profile',
    repeatSafe: 'values are set',
    summary: 'Sets whether the caller gets push notifications, and how much of a message they show.',
  }),
} as const;
