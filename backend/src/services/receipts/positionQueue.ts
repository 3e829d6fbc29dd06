import type { ConversationId, UserId } from '../../../../contract/index.js';
import { unavailable } from '../../utils/appError.js';
import { createDeferred, type Deferred } from '../../utils/deferred.js';
import { WriteBehind } from '../../utils/writeBehind.js';

/** A position that waits for its write, and a caller who waits for the answer. */
export interface Waiting<Item, Answer> extends Deferred<Answer> {
  readonly item: Item;
}

interface Entry<Item, Answer> extends Waiting<Item, Answer> {
  item: Item;
}

export interface QueueDeps<Item, Answer> {
  /** Joins two positions of one member in one conversation. */
  merge: (known: Item, added: Item) => Item;
  /** Length of the window of a conversation, in ms, from the beginning of a write on. */
  windowMs: (item: Item) => number;
  /** Writes positions and settles all of them. Those that it has not settled when it throws are rejected. */
  write: (batch: readonly Waiting<Item, Answer>[]) => Promise<void>;
  /** Positions that may wait, over all conversations. */
  maxWaiting: number;
}

/** Time after a write of a conversation's positions, in which further ones are gathered. */
interface Window<Item, Answer> {
  timer: NodeJS.Timeout;
  gathered: Map<UserId, Entry<Item, Answer>>;
}

/** Positions in one write. */
const MAX_BULK = 500;

/**
 * Positions reported by members. The first one of a conversation is written at once and opens a window; those that
 * arrive in it are gathered, one per member, and written when it closes. Positions of different conversations share
 * writes, of which at most one is in flight.
 */
export class PositionQueue<Item extends { conversationId: ConversationId; userId: UserId }, Answer> {
  readonly #deps: QueueDeps<Item, Answer>;
  readonly #windows = new Map<ConversationId, Window<Item, Answer>>();
  readonly #due: WriteBehind<string, Entry<Item, Answer>>;
  #gatheredCount = 0;
  #isDraining = false;

  constructor(deps: QueueDeps<Item, Answer>) {
    this.#deps = deps;
    this.#due = new WriteBehind({
      write: (batch) => this.#write([...batch.values()]),
      // Callers get the error, and report the position again if they want to.
      dropFailed: true,
      onFailure: (error, batch) => {
        for (const { reject } of batch.values()) reject(error);
      },
      maxBatch: MAX_BULK,
    });
  }

  /**
   * Resolves when the position is written.
   *
   * @param options.isUrgent closes the window of the conversation, if there is one.
   * @throws AppError `UNAVAILABLE` when too many positions wait, and errors of the write.
   */
  add(item: Item, { isUrgent = false } = {}): Promise<Answer> {
    const { conversationId, userId } = item;
    const window = this.#windows.get(conversationId);
    const known = window?.gathered.get(userId) ?? this.#due.pending(keyOf(item));
    if (known === undefined && this.#gatheredCount + this.#due.pendingCount >= this.#deps.maxWaiting) {
      return Promise.reject(unavailable('Too many positions wait for the database.'));
    }
    const entry = known ?? { item, ...createDeferred<Answer>() };
    if (known !== undefined) known.item = this.#deps.merge(known.item, item);
    else if (window === undefined) this.#due.put(keyOf(item), entry);
    else this.#gather(window, entry);
    if (isUrgent) this.#closeWindow(conversationId);
    return entry.promise;
  }

  /** Resolves when what a member has reported in a conversation so far is written, or has failed. Closes the window. */
  async settle(member: { conversationId: ConversationId; userId: UserId }): Promise<void> {
    const { conversationId, userId } = member;
    if (this.#windows.get(conversationId)?.gathered.has(userId) === true) this.#closeWindow(conversationId);
    await this.#due.settled(keyOf(member));
  }

  /** Resolves when everything taken in is written. No window is opened any more. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const id of [...this.#windows.keys()]) this.#closeWindow(id);
    await this.#due.drain();
  }

  #gather({ gathered }: Window<Item, Answer>, entry: Entry<Item, Answer>): void {
    gathered.set(entry.item.userId, entry);
    this.#gatheredCount += 1;
  }

  async #write(batch: readonly Entry<Item, Answer>[]): Promise<void> {
    for (const { item } of batch) this.#openWindow(item);
    await this.#deps.write(batch);
  }

  #openWindow(item: Item): void {
    const { conversationId } = item;
    const windowMs = this.#deps.windowMs(item);
    if (windowMs === 0 || this.#isDraining || this.#windows.has(conversationId)) return;
    const timer = setTimeout(() => this.#closeWindow(conversationId), windowMs).unref();
    this.#windows.set(conversationId, { timer, gathered: new Map() });
  }

  #closeWindow(conversationId: ConversationId): void {
    const window = this.#windows.get(conversationId);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(conversationId);
    this.#gatheredCount -= window.gathered.size;
    for (const entry of window.gathered.values()) this.#due.put(keyOf(entry.item), entry);
  }
}

const keyOf = ({ conversationId, userId }: { conversationId: ConversationId; userId: UserId }): string =>
  `${conversationId}${userId}`;
