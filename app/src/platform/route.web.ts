import { useEffect, useSyncExternalStore } from 'react';
import { pathOf, useAddress, type Route } from './address.js';

let openings = 0;

function subscribe(listener: () => void): () => void {
  const onChange = (): void => {
    openings += 1;
    listener();
  };
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}

/** Returns what the address of the page shows. An address that shows nothing is replaced by that of the list. */
export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, () => location.hash);
  const opened = useSyncExternalStore(subscribe, () => openings);
  const route = useAddress(address, opened);
  const isUnknown = route.conversationId === undefined && !isList(address);
  useEffect(() => {
    if (isUnknown) replaceByList();
  }, [isUnknown, address]);
  return route;
}

/** State of an entry of the browser's history. */
interface Entry {
  /** Number of entries between the list and this one. Absent when the list is not before it: the user followed a link. */
  depth?: number | undefined;
}

// `history.state` is `any`, and is ours: addresses that the user types, and links, have none.
const entry = (): Entry => (history.state as Entry | null) ?? {};

const isList = (address = location.hash): boolean => /^#?\/?$/.test(address);

/** Shows a conversation, one of its messages, or the list. Fires no `popstate`, which closes dialogs when the user goes back. */
export function goTo(conversationId?: string, seq?: number): void {
  const address = `#/${pathOf(conversationId, seq)}`;
  const depth = isList() ? 0 : entry().depth;
  const next: Entry = { depth: depth === undefined ? undefined : depth + 1 };
  if (location.hash !== address) history.pushState(next, '', address);
  // Opening an address again shows its message again.
  announce();
}

const announce = (): void => void dispatchEvent(new HashChangeEvent('hashchange'));

/** Shows the list in place of a conversation that is gone: the Back button does not lead to it. */
export function replaceByList(): void {
  history.replaceState(null, '', '#/');
  announce();
}

let isGoingBack = false;

/** Leaves the open conversation. Goes back in the history: else the Back button of the browser would open it again. */
export function goBack(): void {
  const { depth } = entry();
  if (isGoingBack || isList()) return;
  if (depth === undefined) {
    replaceByList();
    return;
  }
  // Not twice before the browser has done it: that would leave the app.
  isGoingBack = true;
  addEventListener('popstate', () => (isGoingBack = false), { once: true });
  history.go(-depth);
}

/** Leaves the open conversation by Escape, unless a dialog is open or the focused field uses the key. */
export function useBackKey(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isOurs = event.key === 'Escape' && !event.isComposing;
      if (!isOurs || document.querySelector('[aria-modal]') !== null) return;
      // After the field: react-native-web lets no key of a field come further than to the field itself.
      setTimeout(() => {
        if (!event.defaultPrevented) goBack();
      });
    };
    addEventListener('keydown', onKeyDown, { capture: true });
    return () => removeEventListener('keydown', onKeyDown, { capture: true });
  }, []);
}
