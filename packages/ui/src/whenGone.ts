import type { useParley } from '@parley/react';

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
