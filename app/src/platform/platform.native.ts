import NetInfo from '@react-native-community/netinfo';
import { randomUUID } from 'expo-crypto';
import { getLocales } from 'expo-localization';
import { deleteItemAsync, getItem, setItem } from 'expo-secure-store';
import { openDatabaseAsync } from 'expo-sqlite';
import Storage from 'expo-sqlite/kv-store';
import { AppState } from 'react-native';
import { sqliteStorage } from '@parley/client/sqlite';
import { fileUploads } from '@parley/client/uploads';
import { nativeLifecycle } from '@parley/react';
import { PREFIX, type Values } from './values.js';

export { phone as device } from './device.js';

/** The session, in the phone's secure storage (Keychain, Keystore): it holds a token. */
export const sessionValues: Values = {
  getItem,
  setItem,
  removeItem: (key) => void deleteItemAsync(key),
};

const stored: Values = {
  getItem: (key) => Storage.getItemSync(key),
  setItem: (key, value) => Storage.setItemSync(key, value),
  removeItem: (key) => void Storage.removeItemSync(key),
};
export const draftValues = stored;
/** Choices of this device. */
export const settingsValues = stored;

const SESSION_KEY = `${PREFIX}session`;
const DRAFTS = `${PREFIX}draft.`;

/** Removes what this phone holds of its user outside of the SDK's database: the token, and every draft. */
export function clearSession(): void {
  sessionValues.removeItem(SESSION_KEY);
  for (const key of Storage.getAllKeysSync()) {
    if (key.startsWith(DRAFTS)) stored.removeItem(key);
  }
}

/** Set by `npm run app`; a built app is made for one server. */
export const serverAddress = process.env['EXPO_PUBLIC_PARLEY_URL'] ?? 'http://localhost:3000';
export const deviceLanguages = getLocales().map(({ languageTag }) => languageTag);
export const wantedUser: string | undefined = undefined;
export const addressAs = (_userId: string): string | undefined => undefined;
export const forgetWantedUser = (): void => undefined;
/** Options of the SDK that depend on the platform. */
const lifecycle = nativeLifecycle(AppState, NetInfo);
export const clientOptions = {
  storage: sqliteStorage(() => openDatabaseAsync('parley.db')),
  lifecycle,
  randomUUID,
  uploads: fileUploads(),
};

/** In the background, the user gets push notifications. */
export const pushOptions = { lifecycle };

/** Phones show no title. */
export const showTitle = (_title: string): void => undefined;

/** The components have language, direction and colours from their provider. */
export const showAppearance = (_appearance: object): void => undefined;

/** Returns false: the app goes on, with the sign-in. */
export const leave = (): boolean => false;

/** Apps on phones have no pages that come back. */
export const onPageRestored = (_listener: () => void) => (): void => undefined;
export const reload = (): void => undefined;
