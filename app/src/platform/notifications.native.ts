import {
  addNotificationResponseReceivedListener,
  addPushTokenListener,
  getDevicePushTokenAsync,
  getPermissionsAsync,
  requestPermissionsAsync,
  setNotificationHandler,
  type DevicePushToken,
} from 'expo-notifications';
import { useEffect } from 'react';
import { Platform } from 'react-native';
import type { PushApi } from '@parley/client/push';
import { useConnectionState } from '@parley/react';
import { usePush } from '../push.js';
import { deviceLanguages, settingsValues } from './platform.js';
import { openAddress } from './route.js';
import { PREFIX } from './values.js';

const KEY = `${PREFIX}notifications`;
const ON = 'on';

export const hasNotifications = (): boolean => true;

export const notificationsAreOn = (): boolean => settingsValues.getItem(KEY) === ON;

/**
 * Asks the user for leave when necessary. Resolves with whether they are on.
 *
 * @throws when the phone has no push token (a simulator, a build without Firebase), or the server cannot be reached
 */
export async function setNotifications(isOn: boolean, push: PushApi): Promise<boolean> {
  const isAllowed =
    isOn && ((await getPermissionsAsync()).granted || (await requestPermissionsAsync()).granted);
  if (isAllowed) {
    settingsValues.setItem(KEY, ON);
    await register(push, await getDevicePushTokenAsync());
  } else {
    settingsValues.removeItem(KEY);
    await push.unregister();
  }
  return isAllowed;
}

/** Registers this phone with the service of its system, when the server pushes through that one. */
async function register(push: PushApi, { data }: DevicePushToken): Promise<void> {
  const { providers } = await push.getNotifications();
  const device =
    Platform.OS === 'ios'
      ? ({ provider: 'apns', platform: 'ios' } as const)
      : ({ provider: 'fcm', platform: 'android' } as const);
  if (!providers.includes(device.provider)) return;
  await push.register({ ...device, token: String(data), locale: deviceLanguages[0] });
}

/** Keeps this phone registered: at each start, and when its service gives it another token. */
export function useNotifications(): void {
  const push = usePush();
  const isOnline = useConnectionState().status === 'online';
  useEffect(() => {
    if (!isOnline || !notificationsAreOn()) return undefined;
    // The next connection tries again.
    const registerAs = (token: DevicePushToken): void => void register(push, token).catch(() => undefined);
    getDevicePushTokenAsync().then(registerAs, () => undefined);
    const listener = addPushTokenListener(registerAs);
    return () => listener.remove();
  }, [isOnline, push]);
}

/** Opens the message of a notification that the user touches. Called once, at the start. */
export function followNotifications(): void {
  setNotificationHandler({
    handleNotification: () =>
      Promise.resolve({
        // While the app is open, its messages are in its list.
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
