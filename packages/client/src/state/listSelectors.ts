/** The conversation list: filters and order. */
import { conversationOf } from './selectors.js';
import type { ClientState, Conversation, ConversationRecord } from './types.js';

export type ConversationFilter = 'all' | 'unread' | 'groups' | 'archived';

/** True when a conversation is neither archived nor deleted. */
export const isInMainList = ({
  isArchived,
  isDeleted,
}: Pick<ConversationRecord, 'isArchived' | 'isDeleted'>): boolean => !isArchived && !isDeleted;

/** Says of each filter whether it shows a conversation. */
export const FILTERS: Readonly<Record<ConversationFilter, (conversation: Conversation) => boolean>> = {
  all: isInMainList,
  unread: (one) => isInMainList(one) && (one.isMarkedUnread || one.unreadCount > 0),
  groups: (one) => isInMainList(one) && one.type !== 'direct',
  archived: ({ isArchived, isDeleted }) => isArchived && !isDeleted,
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

type Order = (a: ConversationRecord, b: ConversationRecord) => number;

/** Up to this many changed conversations are moved one by one; more are sorted. */
const MAX_MOVED = 50;

const orders = new WeakMap<ClientState['conversations'], Sorted>();
/** Results in which unsent messages have moved conversations. */
const withUnsent = new WeakSet<readonly ConversationRecord[]>();

/**
 * Returns all conversations in the order of the list: the same array for the same conversations and outbox.
 *
 * @param previous the result for an earlier state: after a few changes, only those conversations are moved
 */
export function sortedConversations(
  state: ClientState,
  previous?: readonly ConversationRecord[],
): readonly ConversationRecord[] {
  const { conversations, outbox } = state;
  const known = orders.get(conversations);
  if (known?.outbox === outbox) return known.records;
  const order = orderIn(state);
  // Unsent messages move conversations that have not changed themselves.
  const isMovable =
    known === undefined && previous !== undefined && outbox.length === 0 && !withUnsent.has(previous);
  const moved = isMovable ? moveChanged(conversations, previous, order) : undefined;
  const records = moved ?? Object.values(conversations).sort(order);
  if (outbox.length > 0) withUnsent.add(records);
  orders.set(conversations, { outbox, records });
  return records;
}

/** Returns the records in order; undefined when too many have changed. */
function moveChanged(
  conversations: ClientState['conversations'],
  previous: readonly ConversationRecord[],
  order: Order,
): ConversationRecord[] | undefined {
  const kept = previous.filter((record) => conversations[record.id] === record);
  const all = Object.values(conversations);
  if (all.length - kept.length > MAX_MOVED) return undefined;
  const held = new Set(kept);
  for (const record of all) {
    if (!held.has(record)) kept.splice(placeOf(kept, record, order), 0, record);
  }
  return kept;
}

function placeOf(records: readonly ConversationRecord[], record: ConversationRecord, order: Order): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = records[middle];
    if (other !== undefined && order(other, record) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the conversations of a filter in the order of the list. */
export const listOf = (state: ClientState, filter: ConversationFilter = 'all'): ConversationRecord[] =>
  sortedConversations(state).filter((record) => FILTERS[filter](conversationOf(state, record)));
