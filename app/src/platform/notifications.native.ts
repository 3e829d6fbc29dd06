import {
  addNotificationResponseReceivedListener,
  getPermissionsAsync,
  requestPermissionsAsync,
  setNotificationHandler,
} from 'expo-notifications';
import { settingsValues } from './platform.js';
import { openAddress } from './route.js';
import { PREFIX } from './values.js';

const KEY = `${PREFIX}notifications`;
const ON = 'on';

export const hasNotifications = (): boolean => true;

export const notificationsAreOn = (): boolean => settingsValues.getItem(KEY) === ON;

/** Asks the user for leave when necessary. Resolves with whether they are on. */
export async function setNotifications(isOn: boolean): Promise<boolean> {
  const isAllowed =
    isOn && ((await getPermissionsAsync()).granted || (await requestPermissionsAsync()).granted);
  if (isAllowed) settingsValues.setItem(KEY, ON);
  else settingsValues.removeItem(KEY);
  return isAllowed;
}

/** While the app is open, its messages are in its list. */
export const useNotifications = (): void => undefined;

/** Opens the message of a notification that the user touches. Called once, at the start. */
export function followNotifications(): void {
  setNotificationHandler({
    handleNotification: () =>
      Promise.resolve({
        shouldShowBanner: false,
        shouldShowList: false,
        shouldPlaySound: false,
        shouldSetBadge: true,
      }),
  });
  addNotificationResponseReceivedListener(({ notification }) => {
    const { conversationId, seq } = notification.request.content.data ?? {};
    if (typeof conversationId !== 'string') return;
    openAddress(`parley://c/${conversationId}${seq === undefined ? '' : `/${String(seq)}`}`);
  });
}
