import { indexedDbStorage } from '@parley/client/indexeddb';
import { sharedTabs } from '@parley/client/tabs';
import { webDevice } from '@parley/react-native/web';
import { PREFIX, type Values } from './values.js';

/** The session and the drafts of this tab: two windows can be two users. */
export const sessionValues: Values = sessionStorage;
export const draftValues: Values = sessionStorage;
/** Choices of this device. */
export const settingsValues: Values = localStorage;

/** Removes what this tab holds of its user: the token, and every draft. */
export function clearSession(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}

export const serverAddress = location.origin;
export const deviceLanguages = navigator.languages;
/** Demo user that the address asks for. */
export const wantedUser = new URL(location.href).searchParams.get('as') ?? undefined;
export const device = webDevice();
/** Options of the SDK that depend on the platform. */
export const clientOptions = { storage: indexedDbStorage(), tabs: sharedTabs() };

export function showTitle(title: string): void {
  document.title = title;
}

export function showAppearance({ language, direction, scheme }: Appearance): void {
  const { documentElement: root } = document;
  root.lang = language;
  root.dir = direction;
  root.dataset['theme'] = scheme;
}

export interface Appearance {
  language: string;
  direction: 'ltr' | 'rtl';
  scheme: string;
}

/** Leaves the page after signing out: the browser may keep it for its Back button, as it is. */
export function leave(farewell: string): void {
  document.body.replaceChildren(farewell);
  location.replace(location.pathname);
}
