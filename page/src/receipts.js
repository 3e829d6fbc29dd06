/**
 * Tells the server how far messages have come: delivered, when they have arrived here; read, when somebody has seen
 * them. Only the furthest place is told, once, and again when it was not answered.
 *
 * @import { Ask, Conversation, State, Store } from './types.js'
 */
import { backoffMs } from './backoff.js';
import { markOf } from './conversations.js';
import { retryOf } from './errors.js';
import { arrivedSeq, logOf } from './selectors.js';

const COALESCE_MS = 80;
const RETRY = { firstMs: 500, maxMs: 10_000 };

/**
 * @param {State} state
 * @param {Conversation} conversation
 * @returns {['message:read' | 'message:delivered', number] | undefined}
 */
export function owedReceipt(state, conversation) {
  const known = markOf(conversation, state.me);
  const read = Math.min(state.reads[conversation.id] ?? 0, conversation.lastSeq);
  if (read > known.read) return ['message:read', read];
  const arrived = arrivedSeq(state, conversation);
  return arrived > known.delivered ? ['message:delivered', arrived] : undefined;
}

/**
 * @param {{ store: Store, ask: Ask }} parts
 */
export function createReceipts({ store, ask }) {
  /** What a conversation looked like when it was last looked at. @type {Map<string, unknown[]>} */
  const looked = new Map();
  /** @type {Set<string>} */
  const owing = new Set();
  /** @type {Set<string>} */
  const underWay = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let attempt = 0;
  let isOnline = false;

  function look() {
    const state = store.getState();
    for (const conversation of Object.values(state.conversations)) {
      const { id } = conversation;
      const now = [conversation, logOf(state, id), state.reads[id]];
      const before = looked.get(id);
      if (before !== undefined && now.every((part, index) => part === before[index])) continue;
      looked.set(id, now);
      if (owedReceipt(state, conversation) !== undefined) owing.add(id);
    }
    if (owing.size > 0 && isOnline) timer ??= setTimeout(flush, COALESCE_MS);
  }

  function flush() {
    timer = undefined;
    if (!isOnline) return;
    for (const id of owing) {
      if (underWay.has(id)) continue;
      owing.delete(id);
      void report(id);
    }
  }

  /** @param {string} id */
  async function report(id) {
    const state = store.getState();
    const conversation = state.conversations[id];
    const owed = conversation && owedReceipt(state, conversation);
    if (owed === undefined) return;
    underWay.add(id);
    const [event, seq] = owed;
    const answer = await ask(event, { conversationId: id, seq });
    underWay.delete(id);
    if (answer.success) {
      attempt = 0;
      store.dispatch({ type: 'position', position: answer.data });
      look();
    } else if (retryOf(answer.code) !== 'never') {
      owing.add(id);
      if (isOnline)
        timer ??= setTimeout(flush, Math.max(answer.retryAfterMs ?? 0, backoffMs(attempt++, RETRY)));
    }
  }

  store.subscribe(look);

  return {
    start() {
      isOnline = true;
      attempt = 0;
      looked.clear();
      look();
    },
    stop() {
      isOnline = false;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
