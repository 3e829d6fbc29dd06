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
  /** `seq` up to which messages were reported, by conversation. */
  readonly #reported = new Map<string, number>();

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  /** A pushed message, before it is applied. */
  pushed(state: ClientState, view: EntryView): void {
    const lastSeq = state.conversations[view.conversationId]?.lastSeq ?? 0;
    if (view.seq > lastSeq) this.#report(state, view);
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
    if (seq <= (this.#reported.get(conversationId) ?? 0)) return;
    if (entryAt(logOf(state, conversationId), seq) !== undefined) return;
    this.#reported.set(conversationId, seq);
    this.#onMessage(entry);
  }

  clear(): void {
    this.#reported.clear();
  }
}
