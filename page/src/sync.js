/**
 * Keeps what is held here equal to what the server has. On every connection one `sync` (or, without a cursor, the
 * list) tells what changed; what is pushed meanwhile waits until it is there. Once a minute again, as pushes are only
 * hints: what was lost on the way is found.
 *
 * @import { Ask, Store } from './types.js'
 */
import { backoffMs } from './backoff.js';
import { retryOf } from './errors.js';

const REPEAT_MS = 60_000;
const RETRY = { firstMs: 500, maxMs: 10_000 };
const LIST_PAGE = 50;
const MAX_STARTS = 2;
/** Pushes kept back while syncing. Beyond that they are let go: the sync after this one finds what they told. */
const MAX_HELD = 5_000;

/**
 * @typedef {object} SyncParts
 * @property {Store} store
 * @property {Ask} ask
 * @property {(event: string, data: any) => void} onPush takes in a push when it is its time
 * @property {() => void} onSettled the first attempt on this connection is over
 * @property {() => void} onSynced
 * @property {() => void} onForget
 * @property {() => void} onSilence the connection does not answer
 *
 * @param {SyncParts} parts
 */
export function createSync({ store, ask, onPush, onSettled, onSynced, onForget, onSilence }) {
  /** @type {[string, any][] | undefined} */
  let held;
  /** @type {Promise<void> | undefined} */
  let running;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isOnline = false;
  let isAskedAgain = false;
  let attempt = 0;

  function release() {
    const pushes = held ?? [];
    held = undefined;
    for (const [event, data] of pushes) onPush(event, data);
  }

  /** @param {number} afterMs */
  function runLater(afterMs) {
    clearTimeout(timer);
    timer = setTimeout(run, afterMs);
  }

  function run() {
    if (!isOnline) return;
    if (running !== undefined) {
      isAskedAgain = true;
      return;
    }
    clearTimeout(timer);
    running = round().finally(() => {
      running = undefined;
      if (isAskedAgain) run();
      isAskedAgain = false;
    });
  }

  async function round() {
    const code = await catchUp(0);
    release();
    if (!isOnline) return;
    if (code === undefined) {
      attempt = 0;
      onSynced();
    }
    onSettled();
    if (code === 'TIMEOUT') onSilence();
    if (code !== undefined && retryOf(code) === 'never') forget();
    runLater(code === undefined ? REPEAT_MS : backoffMs(attempt++, RETRY));
  }

  function forget() {
    store.dispatch({ type: 'forgotten' });
    onForget();
  }

  /**
   * @param {number} starts how often it was begun from nothing
   * @returns {Promise<string | undefined>} the code of what went wrong
   */
  async function catchUp(starts) {
    if (starts > MAX_STARTS) return 'INTERNAL';
    if (store.getState().cursor === undefined) {
      const code = await loadList(true);
      if (code !== undefined) return code;
    }
    for (;;) {
      const { cursor, epoch } = store.getState();
      const answer = await ask('sync', cursor === undefined ? {} : { cursor });
      if (!answer.success) return answer.code;
      if (answer.data.reload === true || (epoch !== undefined && epoch !== answer.data.epoch)) {
        forget();
        return catchUp(starts + 1);
      }
      store.dispatch({ type: 'synced', answer: answer.data });
      if (!answer.data.hasMore) return undefined;
    }
  }

  /**
   * @param {boolean} first
   * @returns {Promise<string | undefined>}
   */
  async function loadList(first) {
    const { listCursor, era } = store.getState();
    const answer = await ask('getConversations', {
      limit: LIST_PAGE,
      ...(!first && listCursor !== undefined && { cursor: listCursor }),
    });
    if (!answer.success) return answer.code;
    if (store.getState().era === era) store.dispatch({ type: 'listed', answer: answer.data, first });
    return undefined;
  }

  return {
    /** A connection is there. */
    start() {
      isOnline = true;
      attempt = 0;
      held ??= [];
      run();
    },

    stop() {
      isOnline = false;
      clearTimeout(timer);
    },

    run,

    /**
     * @param {string} event
     * @param {any} data
     */
    push(event, data) {
      // Servers may have missed something between them; not all clients at once.
      if (event === 'sync:advised') runLater(Math.random() * data.withinMs);
      else if (held === undefined) onPush(event, data);
      else if (held.length < MAX_HELD) held.push([event, data]);
    },

    /** The next page of the list. */
    loadMore() {
      if (!isOnline || !store.getState().listed || store.getState().listComplete) return Promise.resolve();
      return loadList(false);
    },

    /** What is held cannot be right: begins anew. */
    reload() {
      forget();
      run();
    },
  };
}
