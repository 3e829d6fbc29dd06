/** Sums over all held conversations. A page or a push is followed by several readers of them: one pass serves all. */
import { isInMainList } from './listSelectors.js';
import { isMutedAt } from './conversations.js';
import { conversationOf, nowAt, unreadOf } from './selectors.js';
import type { ClientState } from './types.js';

interface Totals {
  /** Unread messages of conversations that are neither muted nor archived. */
  messages: number;
  /** Conversations with unread messages, or marked as unread, that are not archived. */
  conversations: number;
}

interface KnownTotals extends Totals {
  logs: ClientState['logs'];
  reads: ClientState['reads'];
  userId: string;
  /** Server time in ms at which the first mute ends: the sums are others then. */
  validUntilMs: number;
}

const known = new WeakMap<ClientState['conversations'], KnownTotals>();

const isCurrent = ({ logs, reads, userId, validUntilMs }: KnownTotals, state: ClientState): boolean =>
  logs === state.logs && reads === state.reads && userId === state.userId && nowAt(state) < validUntilMs;

function totalsOf(state: ClientState): KnownTotals {
  const before = known.get(state.conversations);
  if (before !== undefined && isCurrent(before, state)) return before;
  const { logs, reads, userId } = state;
  const totals = { messages: 0, conversations: 0, logs, reads, userId, validUntilMs: Infinity };
  for (const record of Object.values(state.conversations)) {
    const { isMuted, unreadCount, mutedUntil } = conversationOf(state, record);
    if (isMuted && mutedUntil !== undefined)
      totals.validUntilMs = Math.min(totals.validUntilMs, Date.parse(mutedUntil));
    if (!isInMainList(record)) continue;
    if (!isMuted) totals.messages += unreadCount;
    if (unreadCount > 0 || record.isMarkedUnread) totals.conversations += 1;
  }
  known.set(state.conversations, totals);
  return totals;
}

/** Returns the unread messages in held conversations. Muted and archived ones do not count towards the badge. */
export const unreadHeld = (state: ClientState): number => totalsOf(state).messages;

/** Returns the part of it that the server counts, too: without what was read and not reported yet. */
export function unreadReported(state: ClientState): number {
  const reported = { ...state, reads: {} };
  return Object.values(state.conversations)
    .filter((record) => isInMainList(record) && !isMutedAt(record, nowAt(state)))
    .reduce((sum, record) => sum + unreadOf(reported, record), 0);
}

/** Returns the number for a badge: unread messages of all conversations that are neither muted nor archived. */
export const totalUnread = (state: ClientState): number => unreadHeld(state) + state.unreadElsewhere;

/** Returns when the first mute ends, in ms of the server's clock; `Infinity` without one. */
export const muteEndsAtMs = (state: ClientState): number => totalsOf(state).validUntilMs;

/** Number of conversations with unread messages, or marked as unread. */
export const unreadConversations = (state: ClientState): number => totalsOf(state).conversations;
