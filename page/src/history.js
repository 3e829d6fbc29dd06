/**
 * Loads messages: the newest, older ones, and those that are missing in between.
 *
 * @import { Ask, Store } from './types.js'
 * @import { Range } from './log.js'
 */
import { createChanges } from './changes.js';
import { holes, messageAt } from './log.js';
import { asideKey } from './reduceMessages.js';
import { arrivedSeq, logOf, TAIL_PAGE } from './selectors.js';
import { markOf } from './conversations.js';

const PAGE = 100;
const MAX_PAGE = 200;
/** A hole up to this long is closed at once; what is missing in a longer one is loaded when somebody looks there. */
const CLOSE_UP_TO = 400;
const MAX_TRIES = 3;

/** @typedef {{ before?: number, after?: number, around?: number, limit: number }} Page */

/**
 * @param {string} conversationId
 * @param {Range} hole
 */
const keyOf = (conversationId, { from }) => `${conversationId} ${from}`;

/**
 * @param {{ store: Store, ask: Ask, onReload: () => void }} parts `onReload`: the server has less than is held here
 */
export function createHistory({ store, ask, onReload }) {
  /** Pages on their way, by what was asked. @type {Map<string, Promise<boolean>>} */
  const underWay = new Map();
  /** Holes that pages did not close, and how often that was tried. @type {Map<string, number>} */
  const tries = new Map();
  /** Holes that are being closed. @type {Set<string>} */
  const closing = new Set();
  /** Conversations whose newest messages are still to be fetched. @type {Set<string>} */
  const waiting = new Set();
  /** @type {Set<string>} */
  const peeked = new Set();
  const changes = createChanges({ store, ask, onReload });
  let isWorking = false;

  /** @param {string} id */
  const visibleFrom = (id) => store.getState().conversations[id]?.visibleFromSeq ?? 1;

  /**
   * @param {string} conversationId
   * @param {Page} page
   * @returns {Promise<boolean>}
   */
  function load(conversationId, page) {
    const key = JSON.stringify([conversationId, page]);
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const loading = fetchPage(conversationId, page).finally(() => underWay.delete(key));
    underWay.set(key, loading);
    return loading;
  }

  /**
   * @param {string} conversationId
   * @param {Page} page
   */
  async function fetchPage(conversationId, page) {
    const { era, conversations } = store.getState();
    const seenRev = conversations[conversationId]?.seenRev;
    const answer = await ask('getMessages', { conversationId, ...page });
    // Everything was forgotten meanwhile: the answer may be of another history.
    if (store.getState().era !== era) return false;
    if (!answer.success) return false;
    if (answer.data.reload === true) {
      onReload();
      return false;
    }
    store.dispatch({ type: 'page', conversationId, answer: answer.data, seenRev });
    return true;
  }

  /**
   * @param {string} conversationId
   * @param {Range} hole
   */
  async function close(conversationId, hole) {
    const key = keyOf(conversationId, hole);
    if (closing.has(key)) return;
    closing.add(key);
    tries.set(key, (tries.get(key) ?? 0) + 1);
    const isLong = hole.to - hole.from >= CLOSE_UP_TO;
    const limit = Math.min(MAX_PAGE, hole.to - hole.from + 1);
    const page = isLong ? { limit: PAGE } : { after: hole.from - 1, limit };
    const isLoaded = await load(conversationId, page);
    closing.delete(key);
    if (isLoaded) complete(conversationId);
    else tries.delete(key);
  }

  /**
   * The holes worth closing now: not those inside that are long, nor those that the server does not fill.
   *
   * @param {string} conversationId
   */
  function openHoles(conversationId) {
    const state = store.getState();
    const lastSeq = state.conversations[conversationId]?.lastSeq ?? 0;
    return holes(logOf(state, conversationId), lastSeq).filter((hole) => {
      const isNear = hole.to === lastSeq || hole.to - hole.from < CLOSE_UP_TO;
      return isNear && (tries.get(keyOf(conversationId, hole)) ?? 0) < MAX_TRIES;
    });
  }

  /**
   * Gets what is missing: holes, and what has not reached this device yet (one conversation after another).
   *
   * @param {string} conversationId
   */
  function complete(conversationId) {
    if (isAsleep(conversationId)) return;
    changes.complete(conversationId);
    const found = openHoles(conversationId);
    for (const hole of found) void close(conversationId, hole);
    const state = store.getState();
    const conversation = state.conversations[conversationId];
    if (conversation === undefined || found.length > 0) return;
    const isNew = conversation.lastSeq > markOf(conversation, state.me).delivered;
    if (isNew && arrivedSeq(state, conversation) === 0) waiting.add(conversationId);
    void work();
  }

  /**
   * Large groups and channels that are not open tell their heads only: nothing is loaded before somebody looks.
   *
   * @param {string} id
   */
  function isAsleep(id) {
    const { conversations, openId } = store.getState();
    return conversations[id]?.isLarge === true && openId !== id;
  }

  async function work() {
    if (isWorking) return;
    isWorking = true;
    for (const id of waiting) {
      waiting.delete(id);
      await load(id, { limit: TAIL_PAGE });
    }
    isWorking = false;
  }

  return {
    complete,

    /** A new connection is a new chance for what could not be closed. */
    retryAll() {
      tries.clear();
      changes.retryAll();
    },

    /**
     * The newest messages of a conversation that is being opened.
     *
     * @param {string} conversationId
     */
    async open(conversationId) {
      const { logs, conversations } = store.getState();
      const isEmpty = logs[conversationId] !== undefined && conversations[conversationId]?.lastSeq === 0;
      if (isEmpty || logOf(store.getState(), conversationId).length > 0) {
        store.dispatch({ type: 'history', conversationId, state: 'idle' });
        return complete(conversationId);
      }
      store.dispatch({ type: 'history', conversationId, state: 'loading' });
      const loaded = await load(conversationId, { limit: TAIL_PAGE });
      store.dispatch({ type: 'history', conversationId, state: loaded ? 'idle' : 'failed' });
    },

    /**
     * The page before the oldest message held, or before a place.
     *
     * @param {string} conversationId
     * @param {number} [before]
     */
    async loadOlder(conversationId, before) {
      const state = store.getState();
      const place = before ?? logOf(state, conversationId)[0]?.seq;
      if (place === undefined || place <= 1 || (before === undefined && place <= visibleFrom(conversationId)))
        return;
      if (state.loading[conversationId] === 'loading') return;
      store.dispatch({ type: 'history', conversationId, state: 'loading' });
      const loaded = await load(conversationId, { before: place, limit: PAGE });
      store.dispatch({ type: 'history', conversationId, state: loaded ? 'idle' : 'failed' });
    },

    /**
     * The page behind a place: a long hole, come to from above.
     *
     * @param {string} conversationId
     * @param {number} after
     */
    async loadNewer(conversationId, after) {
      if (store.getState().loading[conversationId] === 'loading') return;
      store.dispatch({ type: 'history', conversationId, state: 'loading' });
      const loaded = await load(conversationId, { after, limit: PAGE });
      store.dispatch({ type: 'history', conversationId, state: loaded ? 'idle' : 'failed' });
    },

    /**
     * What was said around a place, unless it is held.
     *
     * @param {string} conversationId
     * @param {number} seq
     * @returns {Promise<boolean>} whether it is there
     */
    async loadAround(conversationId, seq) {
      const isHeld = () => messageAt(logOf(store.getState(), conversationId), seq) !== undefined;
      if (!isHeld()) await load(conversationId, { around: seq, limit: TAIL_PAGE });
      return isHeld();
    },

    /**
     * One message, for a quote or a pin, without the history around it.
     *
     * @param {string} conversationId
     * @param {number} seq
     */
    async peek(conversationId, seq) {
      const key = asideKey(conversationId, seq);
      if (peeked.has(key)) return;
      peeked.add(key);
      const answer = await ask('getMessages', { conversationId, around: seq, limit: 1 });
      const found = answer.success && answer.data.messages.find((/** @type {any} */ one) => one.seq === seq);
      if (found) store.dispatch({ type: 'aside', message: found });
      else peeked.delete(key);
    },
  };
}
