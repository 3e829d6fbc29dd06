/**
 * The part of the reducer that keeps what is not sent yet. Pure functions.
 *
 * @import { Pending, State } from './types.js'
 */

/**
 * @param {State} state
 * @param {readonly Pending[]} entries
 * @returns {State}
 */
export function queue(state, entries) {
  const ids = new Set(entries.map(({ clientMessageId }) => clientMessageId));
  const others = state.outbox.filter(({ clientMessageId }) => !ids.has(clientMessageId));
  const unsent = entries.filter((entry) => !isHeld(state, entry));
  return { ...state, outbox: [...others, ...unsent].sort((a, b) => a.order - b.order) };
}

/**
 * Whether a message was stored after all: an earlier page may have gone away before it took it out of the outbox.
 *
 * @param {State} state
 * @param {Pending} entry
 */
const isHeld = (state, { conversationId, clientMessageId }) =>
  (state.logs[conversationId] ?? []).some(
    (message) => message.senderId === state.me && message.clientMessageId === clientMessageId,
  );

/**
 * @param {State} state
 * @param {string} id
 * @param {Partial<Pending>} change
 * @returns {State}
 */
export const updatePending = (state, id, change) => ({
  ...state,
  outbox: state.outbox.map((entry) => (entry.clientMessageId === id ? { ...entry, ...change } : entry)),
});

/**
 * @param {State} state
 * @param {(entry: Pending) => boolean} isDone
 * @returns {State}
 */
export function unqueue(state, isDone) {
  const outbox = state.outbox.filter((entry) => !isDone(entry));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}
