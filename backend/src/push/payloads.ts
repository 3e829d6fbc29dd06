import type { PushItem, PushNotification, PushText } from '../services/pushProvider.js';

/** Data of every notification for the app, as texts: some providers pass on nothing else. */
export const dataOf = (notification: PushNotification): Record<string, string> => ({
  type: notification.type,
  conversationId: notification.conversationId,
  seq: String(notification.seq),
  badge: String(notification.badge),
  ...(notification.type === 'message' && { messageId: notification.messageId }),
});

const alertText = (name: 'title' | 'body', text: PushText | undefined): Record<string, unknown> => {
  if (text === undefined) return {};
  if (text.key === undefined) return { [name]: text.text };
  const prefix = name === 'title' ? 'title-' : '';
  return { [`${prefix}loc-key`]: text.key, [`${prefix}loc-args`]: text.args ?? [] };
};

/** Payload of APNs, also inside of an FCM message. The data stand beside `aps`. */
export function apnsPayload(notification: PushNotification): Record<string, unknown> {
  const { badge, conversationId } = notification;
  const data = dataOf(notification);
  if (notification.type === 'clear') return { aps: { 'content-available': 1, badge }, ...data };
  const alert = { ...alertText('title', notification.title), ...alertText('body', notification.body) };
  return { aps: { alert, badge, sound: 'default', 'thread-id': conversationId }, ...data };
}

/** Headers of APNs, also inside of an FCM message. @param nowMs ms since 1970. */
export const apnsHeaders = ({ notification, ttlMs }: PushItem, nowMs: number): Record<string, string> => ({
  'apns-push-type': notification.type === 'message' ? 'alert' : 'background',
  // APNs requires the lower priority for pushes without an alert.
  'apns-priority': notification.type === 'message' ? '10' : '5',
  'apns-expiration': String(Math.floor((nowMs + ttlMs) / 1_000)),
  'apns-collapse-id': notification.conversationId,
});

const androidText = (name: 'title' | 'body', text: PushText | undefined): Record<string, unknown> => {
  if (text === undefined) return {};
  if (text.key === undefined) return { [name]: text.text };
  return { [`${name}_loc_key`]: text.key, [`${name}_loc_args`]: text.args ?? [] };
};

/** Message of FCM HTTP v1. */
export function fcmMessage(item: PushItem, nowMs: number): Record<string, unknown> {
  const { token, notification, ttlMs } = item;
  const android = {
    collapse_key: notification.conversationId,
    priority: notification.type === 'message' ? 'HIGH' : 'NORMAL',
    ttl: `${Math.floor(ttlMs / 1_000)}s`,
    ...(notification.type === 'message' && {
      notification: {
        ...androidText('title', notification.title),
        ...androidText('body', notification.body),
        tag: notification.conversationId,
        notification_count: notification.badge,
        sound: 'default',
      },
    }),
  };
  const apns = { headers: apnsHeaders(item, nowMs), payload: apnsPayload(notification) };
  return { token, data: dataOf(notification), android, apns };
}

/** Message of the Expo push service, which knows no keys: it shows the texts. */
export function expoMessage({ token, notification, ttlMs }: PushItem): Record<string, unknown> {
  const shared = {
    to: token,
    data: dataOf(notification),
    badge: notification.badge,
    ttl: Math.floor(ttlMs / 1_000),
    collapseId: notification.conversationId,
  };
  if (notification.type === 'clear') return { ...shared, priority: 'normal', _contentAvailable: true };
  return {
    ...shared,
    title: notification.title.text,
    ...(notification.body !== undefined && { body: notification.body.text }),
    sound: 'default',
    priority: 'high',
    tag: notification.conversationId,
  };
}

/** Payload for the service worker of a page, which shows the notification itself, in the language of the device. */
export const webPushPayload = ({ notification, locale }: PushItem): Record<string, unknown> => ({
  ...dataOf(notification),
  tag: notification.conversationId,
  ...(locale !== undefined && { locale }),
  ...(notification.type === 'message' && {
    title: notification.title,
    ...(notification.body !== undefined && { body: notification.body }),
  }),
});
