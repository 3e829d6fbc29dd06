/** The conversation list: filters and order. */
import { unreadOf } from './selectors.js';
import type { ClientState, ConversationRecord } from './types.js';

export type ConversationFilter = 'all' | 'unread' | 'groups' | 'archived';

const FILTERS: Record<ConversationFilter, (state: ClientState, conversation: ConversationRecord) => boolean> =
  {
    all: (_state, { isArchived }) => !isArchived,
    unread: (state, one) => !one.isArchived && (one.isMarkedUnread || unreadOf(state, one) > 0),
    groups: (_state, { isArchived, type }) => !isArchived && type !== 'direct',
    archived: (_state, { isArchived }) => isArchived,
  };

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Orders conversations: pinned ones first, then those with unsent messages, then by their newest message. The server's order. */
function orderIn(state: ClientState): (a: ConversationRecord, b: ConversationRecord) => number {
  const unsent = new Map<string, number>();
  for (const { conversationId, order, status } of state.outbox) {
    if (status === 'pending') unsent.set(conversationId, order);
  }
  return (a, b) =>
    compare(b.pinnedAt ?? '', a.pinnedAt ?? '') ||
    (unsent.get(b.id) ?? -1) - (unsent.get(a.id) ?? -1) ||
    compare(b.lastMessageAt, a.lastMessageAt) ||
    compare(b.id, a.id);
}

interface Sorted {
  outbox: ClientState['outbox'];
  records: readonly ConversationRecord[];
}

const orders = new WeakMap<ClientState['conversations'], Sorted>();

/**
 * Returns all conversations in the order of the list: the same array for the same conversations and outbox.
 *
 * @param previous an earlier result. Sorting begins with its order, which takes one pass after a single message
 */
export function sortedConversations(
  state: ClientState,
  previous: readonly ConversationRecord[] = [],
): readonly ConversationRecord[] {
  const { conversations, outbox } = state;
  const known = orders.get(conversations);
  if (known?.outbox === outbox) return known.records;
  const kept = (known?.records ?? previous).flatMap(({ id }) => conversations[id] ?? []);
  const held = new Set(kept.map(({ id }) => id));
  const added = Object.values(conversations).filter(({ id }) => !held.has(id));
  const records = [...added, ...kept].sort(orderIn(state));
  orders.set(conversations, { outbox, records });
  return records;
}

/** Returns the conversations of a filter in the order of the list. */
export const listOf = (state: ClientState, filter: ConversationFilter = 'all'): ConversationRecord[] =>
  sortedConversations(state).filter((conversation) => FILTERS[filter](state, conversation));

/** Number of conversations with unread messages, or marked as unread. */
export const unreadConversations = (state: ClientState): number =>
  Object.values(state.conversations).filter((one) => FILTERS.unread(state, one)).length;
