import type { Holdings } from '../checker/history.js';

/** State of a conversation on a device: everything received, in any order, and its known tail. */
class Held {
  readonly ids = new Map<number, string>();
  /** Everything up to here is held, without a gap. */
  through = 0;
  /** The highest known `seq`. */
  head = 0;
  /** The highest acknowledged read position of this user. */
  readSeq = 0;
  deliveredSeq = 0;

  add(seq: number, id: string): void {
    if (!this.ids.has(seq)) this.ids.set(seq, id);
    this.head = Math.max(this.head, seq);
    while (this.ids.has(this.through + 1)) this.through += 1;
  }
}

/** Local state of a device: messages by `seq`, so that gaps are detected. Survives being offline. */
export class Store {
  cursor: string | undefined;
  #epoch: string | undefined;
  readonly #conversations = new Map<string, Held>();

  get(conversationId: string): Held {
    const held = this.#conversations.get(conversationId) ?? new Held();
    this.#conversations.set(conversationId, held);
    return held;
  }

  forget(conversationId: string): void {
    this.#conversations.delete(conversationId);
  }

  /** Returns the conversations with gaps before their head. */
  incomplete(): string[] {
    return [...this.#conversations].filter(([, { head, through }]) => head > through).map(([id]) => id);
  }

  /** Returns the conversations with messages that this device has not acknowledged as delivered. */
  undelivered(): string[] {
    return [...this.#conversations]
      .filter(([, { through, deliveredSeq }]) => through > deliveredSeq)
      .map(([id]) => id);
  }

  /** Drops everything if the epoch differs from the known one (a restored database). */
  enter(epoch: string): void {
    if (this.#epoch !== undefined && this.#epoch !== epoch) this.#conversations.clear();
    this.#epoch = epoch;
  }

  /** Returns messages up to the first gap; beyond it, `hole` marks missing ones. */
  holdings(): Holdings {
    return Object.fromEntries(
      [...this.#conversations].map(([conversationId, { ids, head }]) => [
        conversationId,
        Array.from({ length: head }, (_, index) => ids.get(index + 1) ?? 'hole'),
      ]),
    );
  }
}
