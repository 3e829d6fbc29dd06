import type { Action } from '../state/actions.js';
import { reduce } from '../state/reduce.js';
import type { ClientState } from '../state/types.js';
import type { ReadableStore } from './readableStore.js';

/** The only place where the state is held. */
export interface Store extends ReadableStore<ClientState> {
  getState: () => ClientState;
  dispatch: (action: Action) => void;
  /**
   * Calls the listener after each single change, before `dispatch` returns. For the SDK's own parts; apps use `subscribe`,
   * which combines the changes of one task.
   *
   * @returns a function that removes the listener
   */
  onChange: (listener: (state: ClientState, before: ClientState) => void) => () => void;
}

/** @param onListenerError receives what an app's listener has thrown: the others are called all the same */
export function createStore(
  initial: ClientState,
  onListenerError: (error: unknown) => void = () => undefined,
): Store {
  let state = initial;
  const listeners = new Set<() => void>();
  const observers = new Set<(state: ClientState, before: ClientState) => void>();
  let isNotifying = false;

  function notify(): void {
    isNotifying = false;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        onListenerError(error);
      }
    }
  }

  function notifySoon(): void {
    if (isNotifying || listeners.size === 0) return;
    isNotifying = true;
    void Promise.resolve().then(notify);
  }

  return {
    getState: () => state,
    getSnapshot: () => state,
    dispatch(action) {
      const before = state;
      state = reduce(before, action);
      if (state === before) return;
      for (const observe of [...observers]) observe(state, before);
      notifySoon();
    },
    onChange(listener) {
      observers.add(listener);
      return () => void observers.delete(listener);
    },
    subscribe(listener) {
      // A wrapper, so that a listener that is added twice is called and removed twice.
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
