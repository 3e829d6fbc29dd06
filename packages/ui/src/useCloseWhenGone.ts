import { useEffect, useState } from 'react';
import { useParley } from '@parley/react';
import { useCurrent } from './useCurrent.js';

type Client = ReturnType<typeof useParley>;

/** Subscribes to an event that happens once. @returns a function that ends the subscription */
export type Once = (onHappened: () => void) => () => void;

/**
 * The user loses a conversation: they were removed, unmatched, or left or deleted it on another device. A dropped cache is loaded
 * again: nothing is lost.
 */
export const whenGone =
  ({ state }: Pick<Client, 'state'>, conversationId: string): Once =>
  (onHappened) => {
    const heldIn = (): number | undefined => {
      const { conversations, generation } = state.getSnapshot();
      return conversations[conversationId]?.isDeleted === false ? generation : undefined;
    };
    let before = heldIn();
    return state.subscribe(() => {
      const now = heldIn();
      if (now === undefined && before === state.getSnapshot().generation) onHappened();
      before = now;
    });
  };

/**
 * Closes a layer about a conversation when the user loses the conversation.
 *
 * @param isKept true while the layer is of use without the conversation, as a report is
 */
export function useCloseWhenGone(conversationId: string, onClose: () => void, isKept = false): void {
  const parley = useParley();
  const [isGone, setGone] = useState(false);
  const close = useCurrent(onClose);
  useEffect(() => whenGone(parley, conversationId)(() => setGone(true)), [parley, conversationId]);
  useEffect(() => {
    if (isGone && !isKept) close.current();
  }, [isGone, isKept, close]);
}
