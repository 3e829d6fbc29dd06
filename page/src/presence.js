/**
 * Watches who of the people in the list is there.
 *
 * @import { Ask, Store } from './types.js'
 */
import { listOf } from './selectors.js';

const MAX_WATCHED = 100;
const SETTLE_MS = 200;

/**
 * @param {{ store: Store, ask: Ask }} parts
 */
export function createPresence({ store, ask }) {
  let watched = '';
  let isOnline = false;
  /** @type {unknown} */
  let looked;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function watch() {
    timer = undefined;
    const state = store.getState();
    looked = state.conversations;
    const userIds = [...new Set(listOf(state).map(({ otherId }) => otherId))]
      .filter((id) => id !== state.me && id !== '')
      .slice(0, MAX_WATCHED)
      .sort();
    const wanted = JSON.stringify(userIds);
    if (!isOnline || wanted === watched) return;
    watched = wanted;
    const answer = await ask('presence:watch', { userIds });
    if (answer.success) store.dispatch({ type: 'presence', presences: answer.data.presences });
    else watched = '';
  }

  store.subscribe(() => {
    if (isOnline && store.getState().conversations !== looked) timer ??= setTimeout(watch, SETTLE_MS);
  });

  return {
    start() {
      isOnline = true;
      watched = '';
      void watch();
    },
    stop() {
      isOnline = false;
    },
  };
}
