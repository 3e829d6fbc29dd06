import { indexedDbStorage } from '@parley/client/indexeddb';
import { sharedTabs } from '@parley/client/tabs';
import { fileUploads } from '@parley/client/uploads';
import { webDevice } from '@parley/react-native/web';
import { PREFIX, type Values } from './values.js';

/** Beginnings of the names of what belongs to a user. */
const OF_USER = ['session', 'draft.'];

/** An installed app has one user; in tabs of a browser, two windows can be two users. */
const tabValues = matchMedia('(display-mode: standalone)').matches ? localStorage : sessionStorage;
/** The session and the drafts of this tab, or of the installed app. */
export const sessionValues: Values = tabValues;
export const draftValues: Values = tabValues;
/** Choices of this device. */
export const settingsValues: Values = localStorage;

/** Removes what this tab holds of its user: the token, and every draft. Choices of the device stay. */
export function clearSession(): void {
  for (const key of Object.keys(tabValues)) {
    if (OF_USER.some((prefix) => key.startsWith(PREFIX + prefix))) tabValues.removeItem(key);
  }
}

export const serverAddress = location.origin;
export const deviceLanguages = navigator.languages;
/** Demo user that the address asks for. */
export const wantedUser = new URL(location.href).searchParams.get('as') ?? undefined;
/** Address of a window as another user of the demo; undefined where there are no other windows. */
export const addressAs = (userId: string): string | undefined => `?as=${encodeURIComponent(userId)}`;
/** Removes the user from the address: neither a reload nor the Back button asks for them again. */
export const forgetWantedUser = (): void =>
  history.replaceState(null, '', `${location.pathname}${location.hash}`);
export const device = webDevice();
/** Options of the SDK that depend on the platform. */
export const clientOptions = { storage: indexedDbStorage(), tabs: sharedTabs(), uploads: fileUploads() };

/** A page that is open counts as in use: it shows its notices itself. */
export const pushOptions = {};

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

/**
 * Leaves the page after signing out. Hides it: the browser may keep it for its Back button, as it is.
 *
 * @returns true, because the page ends
 */
export function leave(): boolean {
  document.body.hidden = true;
  location.replace(location.pathname);
  return true;
}

/**
 * Calls back when the browser shows the page again as it was left: after the Back button, for example.
 *
 * @returns a function that removes the listener
 */
export function onPageRestored(listener: () => void): () => void {
  const onShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) listener();
  };
  addEventListener('pageshow', onShow);
  return () => removeEventListener('pageshow', onShow);
}

export const reload = (): void => location.reload();
