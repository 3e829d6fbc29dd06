import { useMemo, useSyncExternalStore } from 'react';

/** `#/c/<conversation>` or `#/c/<conversation>/<seq of a message>`. */
const ADDRESS = /^#\/c\/([0-9a-f]{24})(?:\/(\d+))?$/;

export interface Route {
  conversationId: string | undefined;
  /** A message to show; a new object for each time that its address was opened. */
  target: { seq: number } | undefined;
}

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
  const address = useSyncExternalStore(subscribe, () => `${openings} ${location.hash}`);
  return useMemo(() => {
    const [, conversationId, seq] = ADDRESS.exec(address.slice(address.indexOf('#'))) ?? [];
    return { conversationId, target: seq === undefined ? undefined : { seq: Number(seq) } };
  }, [address]);
}

export function goTo(conversationId?: string, seq?: number): void {
  const address =
    conversationId === undefined ? '#/' : `#/c/${conversationId}${seq === undefined ? '' : `/${seq}`}`;
  // An address that is opened again shows its message again.
  if (location.hash === address) dispatchEvent(new HashChangeEvent('hashchange'));
  else location.hash = address;
}
