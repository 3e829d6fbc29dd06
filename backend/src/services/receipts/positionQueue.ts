import type { ConversationId, UserId } from '../../../../contract/index.js';
import { unavailable } from '../../utils/appError.js';

/** Something that waits for its write, and for its answer. */
export interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Entry<Item, Answer> extends Waiting<Item, Answer> {
  item: Item;
  done: Promise<Answer>;
}

export interface QueueParts<Item, Answer> {
  /** Two of one person in one conversation as one. */
  merge: (known: Item, more: Item) => Item;
  /** How long a conversation rests from the beginning of a write on, in ms. */
  windowMs: (item: Item) => number;
  /** Answers everything it is given. */
  write: (batch: readonly Waiting<Item, Answer>[]) => Promise<void>;
  /** What may wait at a time, over all conversations. */
  maxWaiting: number;
}

/** Positions in one write. */
const MAX_BULK = 500;

/**
 * What members report of themselves, gathered per conversation. The first report goes at once; what arrives in the
 * window behind it goes together when it closes, one entry per person. What is due goes out in one write, whatever
 * conversations it is of; at most one is in flight.
 */
export class PositionQueue<Item extends { conversationId: ConversationId; userId: UserId }, Answer> {
  readonly #parts: QueueParts<Item, Answer>;
  readonly #waiting = new Map<ConversationId, Map<UserId, Entry<Item, Answer>>>();
  readonly #due = new Set<ConversationId>();
  readonly #resting = new Set<ConversationId>();
  #count = 0;
  #isDraining = false;
  #writing: Promise<void> | undefined;

  constructor(parts: QueueParts<Item, Answer>) {
    this.#parts = parts;
  }

  /**
   * Resolves when it is written. @param isUrgent does not wait for the window, and neither does what waits with it.
   *
   * @throws AppError `UNAVAILABLE` when too much waits, and what the write throws.
   */
  add(item: Item, { isUrgent = false } = {}): Promise<Answer> {
    const { conversationId, userId } = item;
    const known = this.#waiting.get(conversationId)?.get(userId);
    if (known === undefined && this.#count >= this.#parts.maxWaiting) {
      return Promise.reject(unavailable('Too many positions wait for the database.'));
    }
    const entry = known ?? toEntry<Item, Answer>(item);
    if (known === undefined) this.#keep(entry);
    else known.item = this.#parts.merge(known.item, item);
    if (isUrgent || this.#isDraining || !this.#resting.has(conversationId)) this.#setDue(conversationId);
    return entry.done;
  }

  /** Resolves when everything taken in is written; from now on no window is kept. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const id of this.#waiting.keys()) this.#setDue(id);
    while (this.#writing !== undefined) await this.#writing;
  }

  #keep(entry: Entry<Item, Answer>): void {
    const { conversationId, userId } = entry.item;
    const group = this.#waiting.get(conversationId) ?? new Map<UserId, Entry<Item, Answer>>();
    this.#waiting.set(conversationId, group.set(userId, entry));
    this.#count += 1;
  }

  #setDue(id: ConversationId): void {
    this.#due.add(id);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // What is reported in this turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#due.size > 0) {
      const batch = this.#take();
      try {
        await this.#parts.write(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  #take(): Waiting<Item, Answer>[] {
    const batch: Waiting<Item, Answer>[] = [];
    for (const id of this.#due) {
      const group = this.#waiting.get(id);
      for (const [userId, entry] of group ?? []) {
        if (batch.length >= MAX_BULK) return batch;
        batch.push(entry);
        group?.delete(userId);
        this.#count -= 1;
      }
      this.#due.delete(id);
      this.#waiting.delete(id);
      const item = batch.at(-1)?.item;
      if (item?.conversationId === id) this.#rest(id, this.#parts.windowMs(item));
    }
    return batch;
  }

  #rest(id: ConversationId, windowMs: number): void {
    if (windowMs === 0 || this.#resting.has(id)) return;
    this.#resting.add(id);
    setTimeout(() => {
      this.#resting.delete(id);
      if (this.#waiting.has(id)) this.#setDue(id);
    }, windowMs).unref();
  }
}

function toEntry<Item, Answer>(item: Item): Entry<Item, Answer> {
  let resolve: Entry<Item, Answer>['resolve'] = () => undefined;
  let reject: Entry<Item, Answer>['reject'] = () => undefined;
  const done = new Promise<Answer>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { item, done, resolve, reject };
}
