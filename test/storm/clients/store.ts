import type { Holdings } from '../checker/history.js';

/** A conversation as a device holds it: whatever came, in whatever order, and where it ends as far as is known. */
class Held {
  readonly ids = new Map<number, string>();
  /** Everything up to here is held, without a hole. */
  through = 0;
  /** The furthest place heard of. */
  head = 0;
  /** The furthest position of this user that was answered. */
  readSeq = 0;
  deliveredSeq = 0;

  add(seq: number, id: string): void {
    if (!this.ids.has(seq)) this.ids.set(seq, id);
    this.head = Math.max(this.head, seq);
    while (this.ids.has(this.through + 1)) this.through += 1;
  }
}

/** What a device keeps: messages by their place, so that it sees what it lacks. Survives being offline. */
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

  /** The conversations that lack something between their beginning and their head. */
  incomplete(): string[] {
    return [...this.#conversations].filter(([, { head, through }]) => head > through).map(([id]) => id);
  }

  /** Those with something that this device has not reported as delivered. */
  undelivered(): string[] {
    return [...this.#conversations]
      .filter(([, { through, deliveredSeq }]) => through > deliveredSeq)
      .map(([id]) => id);
  }

  /** Another history than the one this device knows (a restored database): everything is forgotten. */
  enter(epoch: string): void {
    if (this.#epoch !== undefined && this.#epoch !== epoch) this.#conversations.clear();
    this.#epoch = epoch;
  }

  /** As far as there is no hole; beyond one, `hole` stands for what is missing. */
  holdings(): Holdings {
    return Object.fromEntries(
      [...this.#conversations].map(([conversationId, { ids, head }]) => [
        conversationId,
        Array.from({ length: head }, (_, index) => ids.get(index + 1) ?? 'hole'),
      ]),
    );
  }
}
