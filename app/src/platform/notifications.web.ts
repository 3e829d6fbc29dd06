import { useParley, useParleyEvent } from '@parley/react';
import { goTo } from './route.js';

const KEY = 'parley.notifications';
const ON = 'on';

export const hasNotifications = (): boolean => 'Notification' in globalThis;

export const notificationsAreOn = (): boolean =>
  hasNotifications() && Notification.permission === 'granted' && localStorage.getItem(KEY) === ON;

/** Asks the user for leave when necessary. Resolves with whether they are on. */
export async function setNotifications(isOn: boolean): Promise<boolean> {
  const isAllowed = isOn && (await Notification.requestPermission()) === 'granted';
  if (isAllowed) localStorage.setItem(KEY, ON);
  else localStorage.removeItem(KEY);
  return isAllowed;
}

/** Shows a notice of the browser for messages that come while the window is hidden, except in muted conversations. */
export function useNotifications(): void {
  const { state } = useParley();
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
