import { useEffect } from 'react';
import type { PushApi } from '@parley/client/push';
import { useConnectionState, useParley, useParleyEvent } from '@parley/react';
import { usePush } from '../push.js';
import { goTo } from './route.js';

const KEY = 'parley.notifications';
const ON = 'on';

export const hasNotifications = (): boolean => 'Notification' in globalThis;

export const notificationsAreOn = (): boolean =>
  hasNotifications() && Notification.permission === 'granted' && localStorage.getItem(KEY) === ON;

/**
 * Asks the user for leave when necessary. Without web push (no key of the server, no service worker) notices are shown only while
 * the page is open. Resolves with whether they are on.
 *
 * @throws when the browser's push service or the server cannot be reached; notices of the open page are on then, too
 */
export async function setNotifications(isOn: boolean, push: PushApi): Promise<boolean> {
  const isAllowed = isOn && (await Notification.requestPermission()) === 'granted';
  if (isAllowed) {
    localStorage.setItem(KEY, ON);
    await subscribe(push);
  } else {
    localStorage.removeItem(KEY);
    await unsubscribe(push);
  }
  return isAllowed;
}

/** Undefined in private windows of some browsers, and before the first visit has installed it. */
const workerRegistration = (): Promise<ServiceWorkerRegistration | undefined> =>
  'serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : Promise.resolve(undefined);

async function subscribe(push: PushApi): Promise<void> {
  const { vapidPublicKey } = await push.getNotifications();
  const registration = await workerRegistration();
  if (vapidPublicKey === undefined || registration === undefined) return;
  // The push service wants a worker that runs.
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: vapidPublicKey };
  const subscription = await pushManager.subscribe(options).catch(async () => {
    // The server's key has changed: a subscription is bound to the former one.
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(options);
  });
  const token = JSON.stringify(subscription);
  await push.register({ provider: 'webpush', platform: 'web', token, locale: navigator.language });
}

async function unsubscribe(push: PushApi): Promise<void> {
  const registration = await workerRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  await push.unregister();
}

/**
 * Keeps this browser registered for web push. While the page is open but hidden, the server pushes nothing, and the page shows a
 * notice of the browser itself, except in muted conversations.
 */
export function useNotifications(): void {
  const { state } = useParley();
  const push = usePush();
  const isOnline = useConnectionState().status === 'online';
  useEffect(() => {
    // Without it, there are the notices of the open page. The next start tries again.
    if (isOnline && notificationsAreOn()) subscribe(push).catch(() => undefined);
  }, [isOnline, push]);
  useParleyEvent('messageReceived', ({ conversationId, sender, content, seq }) => {
    if (!notificationsAreOn() || document.visibilityState === 'visible') return;
    if (state.getSnapshot().conversations[conversationId]?.mutedUntil !== undefined) return;
    const notice = new Notification(sender.name ?? sender._id, { body: content, tag: conversationId });
    notice.onclick = () => {
      focus();
      goTo(conversationId, seq);
      notice.close();
    };
  });
}
