import { useSyncExternalStore } from 'react';
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

/** Returns what the address of the page shows. */
export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, () => location.hash);
  const opened = useSyncExternalStore(subscribe, () => openings);
  return useAddress(address, opened);
}

export function goTo(conversationId?: string, seq?: number): void {
  const address = `#/${pathOf(conversationId, seq)}`;
  // Opening an address again shows its message again.
  if (location.hash === address) dispatchEvent(new HashChangeEvent('hashchange'));
  else location.hash = address;
}
