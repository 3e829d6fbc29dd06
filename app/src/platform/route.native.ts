import { useSyncExternalStore } from 'react';
import { BackHandler, Linking } from 'react-native';
import { pathOf, useAddress, type Route } from './address.js';

/** The address that is shown, with the number of times that one was opened. */
let shown = { address: '', openings: 0 };
const listeners = new Set<() => void>();

function show(address: string): void {
  shown = { address, openings: shown.openings + 1 };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows `address` (`parley://c/…`): a link, or a notification that was opened. */
export const openAddress = show;

/** Returns what the app shows: the list, a conversation, or one of its messages. */
export function useRoute(): Route {
  const { address, openings } = useSyncExternalStore(subscribe, () => shown);
  return useAddress(address, openings);
}

export const goTo = (conversationId?: string, seq?: number): void =>
  show(`parley://${pathOf(conversationId, seq)}`);

/** Phones keep no history of what was shown. */
export const goBack = (): void => goTo();
export const replaceByList = goBack;

/** Android's back button is followed from the start. */
export const useBackKey = (): void => undefined;

/** Follows links into the app, and the back button of Android. Called once, at the start. */
export function followLinks(): void {
  void Linking.getInitialURL().then((url) => url !== null && show(url));
  Linking.addEventListener('url', ({ url }) => show(url));
  BackHandler.addEventListener('hardwareBackPress', () => {
    const isInChat = shown.address.includes('//c/');
    if (isInChat) goTo();
    return isInChat;
  });
}
