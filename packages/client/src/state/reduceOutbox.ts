import { isMessage } from './entries.js';
import type { ClientState, PendingMessage } from './types.js';

const byOrder = (a: PendingMessage, b: PendingMessage): number =>
  a.order - b.order || (a.clientMessageId < b.clientMessageId ? -1 : 1);

/** Adds or replaces entries. Entries whose message is held already are left out: it was stored after all. */
export function queueEntries(state: ClientState, entries: readonly PendingMessage[]): ClientState {
  const ids = new Set(entries.map(({ clientMessageId }) => clientMessageId));
  const others = state.outbox.filter(({ clientMessageId }) => !ids.has(clientMessageId));
  const unsent = entries.filter((entry) => !isStored(state, entry));
  if (unsent.length === 0 && others.length === state.outbox.length) return state;
  return { ...state, outbox: [...others, ...unsent].sort(byOrder) };
}

const isStored = (state: ClientState, { conversationId, clientMessageId }: PendingMessage): boolean =>
  (state.logs[conversationId] ?? []).some(
    (entry) =>
      isMessage(entry) && entry.senderId === state.userId && entry.clientMessageId === clientMessageId,
  );

export const updateEntry = (
  state: ClientState,
  id: string,
  change: Partial<PendingMessage>,
): ClientState => ({
  ...state,
  outbox: state.outbox.map((entry) => (entry.clientMessageId === id ? { ...entry, ...change } : entry)),
});

export function unqueueEntries(state: ClientState, isDone: (entry: PendingMessage) => boolean): ClientState {
  const outbox = state.outbox.filter((entry) => !isDone(entry));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}
