import { useMemo } from 'react';

/** `#/c/<conversation>` or `#/c/<conversation>/<seq of a message>`; `parley://c/…` on phones. */
const ADDRESS = /(?:#\/|\/\/)c\/([0-9a-f]{24})(?:\/(\d+))?$/;

export interface Route {
  conversationId: string | undefined;
  /** A message to show; a new object for each time that its address was opened. */
  target: { seq: number } | undefined;
}

/**
 * Reads an address.
 *
 * @param openings changes when the address is opened again, to show its message again
 */
export const useAddress = (address: string, openings: number): Route =>
  useMemo(() => {
    const [, conversationId, seq] = ADDRESS.exec(address) ?? [];
    const target = seq === undefined ? undefined : { seq: Number(seq), openings };
    return { conversationId, target };
  }, [address, openings]);

/** Path of a conversation or a message, after the part that depends on the platform. */
export const pathOf = (conversationId?: string, seq?: number): string => {
  if (conversationId === undefined) return '';
  return `c/${conversationId}${seq === undefined ? '' : `/${seq}`}`;
};
