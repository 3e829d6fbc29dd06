/**
 * Keeps the newest of what was loaded, so that a reload shows it at once. The cursor lies in the same value as the
 * data that it stands for: they can never disagree.
 *
 * @import { Cached, State, Store } from './types.js'
 */
import { newestRun } from './log.js';
import { listOf } from './selectors.js';

const WRITE_AFTER_MS = 500;
const MAX_CONVERSATIONS = 100;
const MAX_LOGS = 20;
const MAX_MESSAGES = 60;

/**
 * @param {State} state
 * @returns {Cached}
 */
export function toCached(state) {
  const listed = listOf(state);
  const kept = listed.slice(0, MAX_CONVERSATIONS);
  const isWhole = kept.length === listed.length;
  const logs = kept.slice(0, MAX_LOGS).flatMap(({ id }) => {
    const log = state.logs[id] ?? [];
    const from = newestRun(log)?.from;
    if (from === undefined) return [];
    return [[id, log.slice(-MAX_MESSAGES).filter(({ seq }) => seq >= from)]];
  });
  return {
    conversations: Object.fromEntries(kept.map((conversation) => [conversation.id, conversation])),
    logs: Object.fromEntries(logs),
    // Of a list that was cut, the pages are read again from the start.
    listCursor: isWhole ? state.listCursor : undefined,
    listComplete: isWhole && state.listComplete,
    unreadElsewhere: state.unreadElsewhere,
    cursor: state.cursor,
    epoch: state.epoch,
  };
}

/**
 * Writes the cache a little after each change, and when the page goes away.
 *
 * @param {Store} store
 * @param {{ writeCache: (content: Cached) => void }} storage
 * @returns {() => void} writes what is owed now
 */
export function keepCache(store, storage) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Partial<State>} */
  let written = store.getState();

  function write() {
    clearTimeout(timer);
    timer = undefined;
    const state = store.getState();
    // Without a cursor there is nothing to go on from, and what is shown may be half of a list.
    if (state.cursor === undefined || state.epoch === undefined || state === written) return;
    written = state;
    storage.writeCache(toCached(state));
  }

  store.subscribe(() => {
    const { conversations, logs, cursor } = store.getState();
    if (conversations === written.conversations && logs === written.logs && cursor === written.cursor) return;
    timer ??= setTimeout(write, WRITE_AFTER_MS);
  });
  return write;
}
