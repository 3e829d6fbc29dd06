import { positionOf } from '../state/conversations.js';
import { isContent, toEntry } from '../state/entries.js';
import { entryAt } from '../state/log.js';
import { logOf } from '../state/selectors.js';
import type { ClientState, Message } from '../state/types.js';
import type { EntryView } from '../wire/index.js';

/**
 * Finds messages of other users that this device receives for the first time. Each is reported once: pushes repeat, and a page
 * may bring what a push has brought.
 */
export class Arrivals {
  readonly #onMessage: (message: Message) => void;
  /** `seq` of reported messages that are not delivered yet, by conversation: one that was missed may come after later ones. */
  readonly #reported = new Map<string, Set<number>>();

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  /** A pushed message, before it is applied. Its `seq` may be known already: from the head, or from a sync meanwhile. */
  pushed(state: ClientState, view: EntryView): void {
    const conversation = state.conversations[view.conversationId];
    const isNew =
      conversation === undefined ||
      view.seq > conversation.lastSeq ||
      view.seq > positionOf(conversation, state.userId).delivered;
    if (isNew) this.#report(state, view);
  }

  /** A page, before it is applied. Messages that were delivered to the user before, on any device, are not new. */
  loaded(state: ClientState, conversationId: string, views: readonly EntryView[]): void {
    const conversation = state.conversations[conversationId];
    if (conversation === undefined) return;
    const { delivered } = positionOf(conversation, state.userId);
    for (const view of views) if (view.seq > delivered) this.#report(state, view);
  }

  #report(state: ClientState, view: EntryView): void {
    const entry = toEntry(view);
    const { conversationId, seq } = entry;
    if (!isContent(entry) || entry.senderId === state.userId || entry.deletedAt !== undefined) return;
    if (entryAt(logOf(state, conversationId), seq) !== undefined) return;
    const reported = this.#reportedIn(state, conversationId);
    if (reported.has(seq)) return;
    reported.add(seq);
    this.#onMessage(entry);
  }

  /** Delivered ones need not be remembered: they are not new. */
  #reportedIn(state: ClientState, conversationId: string): Set<number> {
    const reported = this.#reported.get(conversationId) ?? new Set();
    this.#reported.set(conversationId, reported);
    const conversation = state.conversations[conversationId];
    const delivered = conversation === undefined ? 0 : positionOf(conversation, state.userId).delivered;
    for (const seq of reported) if (seq <= delivered) reported.delete(seq);
    return reported;
  }

  clear(): void {
    this.#reported.clear();
  }
}
