/**
 * Gets the changes that were missed: edits, deletions, reactions and pins, of messages of any age that are held here.
 *
 * @import { Ask, Store } from './types.js'
 */
import { logOf } from './selectors.js';

const PAGE = 200;
/** More than this are not walked through: the messages are loaded again instead. */
const MAX_BEHIND = 1_000;

/**
 * @param {{ store: Store, ask: Ask, onReload: () => void }} parts `onReload`: the server has less than is held here
 */
export function createChanges({ store, ask, onReload }) {
  /** @type {Set<string>} */
  const underWay = new Set();
  /** Those that were not answered: tried again with the next connection or change. @type {Map<string, number>} */
  const failed = new Map();

  /** @param {string} id */
  function behind(id) {
    const state = store.getState();
    const conversation = state.conversations[id];
    if (conversation === undefined || logOf(state, id).length === 0) return 0;
    return conversation.rev - conversation.seenRev;
  }

  /** @param {string} id */
  function complete(id) {
    const missing = behind(id);
    if (missing <= 0 || underWay.has(id) || failed.get(id) === store.getState().conversations[id]?.rev)
      return;
    if (missing > MAX_BEHIND && store.getState().openId !== id) {
      store.dispatch({ type: 'logDropped', conversationId: id });
      return;
    }
    void walk(id);
  }

  /** @param {string} id */
  async function walk(id) {
    underWay.add(id);
    const isDone = await nextPage(id);
    underWay.delete(id);
    if (isDone) {
      failed.delete(id);
      complete(id);
    } else failed.set(id, store.getState().conversations[id]?.rev ?? 0);
  }

  /** @param {string} conversationId */
  async function nextPage(conversationId) {
    const { conversations, era } = store.getState();
    const afterRev = conversations[conversationId]?.seenRev;
    if (afterRev === undefined) return false;
    const answer = await ask('getChanges', { conversationId, afterRev, limit: PAGE });
    if (store.getState().era !== era || !answer.success) return false;
    if (answer.data.reload === true) {
      onReload();
      return false;
    }
    store.dispatch({ type: 'changes', conversationId, afterRev, answer: answer.data });
    // A page that brings nothing would be asked for without end.
    return (store.getState().conversations[conversationId]?.seenRev ?? 0) > afterRev;
  }

  return {
    complete,

    /** A new connection is a new chance. */
    retryAll() {
      failed.clear();
    },
  };
}
