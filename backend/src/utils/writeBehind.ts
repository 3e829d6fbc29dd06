import { withoutReadDeadline } from './readDeadline.js';
import { Backoff } from './backoff.js';
import { monotonicMs, sleep } from './clock.js';
import { createDeferred, type Deferred } from './deferred.js';

export interface WriteBehindDeps<Key, Item> {
  /**
   * Writes a batch. When it throws, the batch is written again, so writing an item twice must do no harm.
   *
   * @param settle marks one item as written. It is not written again when another item of the batch fails.
   */
  write: (batch: ReadonlyMap<Key, Item>, settle: (key: Key) => void) => Promise<void>;
  /** Called with the batch of a write that has failed. */
  onFailure: (error: unknown, batch: ReadonlyMap<Key, Item>) => void;
  /** True to drop the items of a failed batch instead of writing them again. */
  dropFailed?: boolean;
  /** Items per write. */
  maxBatch: number;
  /** Pending items. When there are more, the oldest is dropped. */
  maxPending?: number;
  /**
   * Returns the pause in ms between a write, given how long it took in ms, and the next one, also when nothing is pending at
   * its end: what comes one by one would otherwise be written one by one. `drain` ends it.
   */
  restMs?: (tookMs: number) => number;
}

const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

/**
 * Writes items behind the caller's back, at most one per key and batch. One write is in flight at a time; items put
 * meanwhile are pending and go into the next batch, in the order in which their keys were put. A failed batch is
 * retried with backoff, filled up with pending items of other keys, so that an item that always fails does not stop
 * the others.
 *
 * For one key there may be two items: one in flight and a pending one that was put later. They are written in this
 * order.
 */
export class WriteBehind<Key, Item> {
  readonly #deps: WriteBehindDeps<Key, Item>;
  readonly #pending = new Map<Key, Item>();
  readonly #inFlight = new Map<Key, Item>();
  #isFlushing = false;
  /** Settled at the end of each write, whether it succeeded or failed. */
  #round: Deferred<void> = createDeferred();
  /** Ends the pause between two writes. */
  #endRest: Deferred<void>['resolve'] = () => undefined;
  /** Callers of `drain` that wait. */
  #draining = 0;

  constructor(deps: WriteBehindDeps<Key, Item>) {
    this.#deps = deps;
  }

  /** Number of pending items, without those in flight. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** The pending item of a key; it is not in flight yet, so the caller may change it in place before it awaits. */
  pending(key: Key): Item | undefined {
    return this.#pending.get(key);
  }

  /** Adds a pending item, or replaces the one that is pending under its key. */
  put(key: Key, item: Item): void {
    this.#pending.set(key, item);
    const { maxPending = Infinity } = this.#deps;
    const [oldest] = this.#pending.size > maxPending ? this.#pending.keys() : [];
    if (oldest !== undefined) this.#pending.delete(oldest);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // A batch serves many callers: it does not end with the one that opened it.
    void withoutReadDeadline(() => this.#flush());
  }

  /** True while an item of this key is not written. */
  has(key: Key): boolean {
    return this.#pending.has(key) || this.#inFlight.has(key);
  }

  /** Unwritten items of a key, oldest first. */
  itemsOf(key: Key): Item[] {
    return [this.#inFlight.get(key), this.#pending.get(key)].filter((item) => item !== undefined);
  }

  /** All unwritten items, oldest first. */
  items(): Item[] {
    return [...this.#inFlight.values(), ...this.#pending.values()];
  }

  /** The smallest id of an unwritten item. */
  oldestId<Id extends string>(idOf: (item: Item) => Id | undefined): Id | undefined {
    let oldest: Id | undefined;
    for (const item of this.items()) {
      const id = idOf(item);
      if (id !== undefined && (oldest === undefined || id < oldest)) oldest = id;
    }
    return oldest;
  }

  /** Resolves when no item of this key is unwritten. */
  async settled(key: Key): Promise<void> {
    while (this.has(key)) await this.#round.promise;
  }

  /** Resolves when nothing is unwritten. */
  async drain(): Promise<void> {
    this.#draining += 1;
    this.#endRest();
    while (this.#pending.size > 0 || this.#inFlight.size > 0) await this.#round.promise;
    this.#draining -= 1;
  }

  async #flush(): Promise<void> {
    // Items put in the same turn of the event loop go into the same batch.
    await new Promise((resolve) => setImmediate(resolve));
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    while (this.#pending.size > 0 || this.#inFlight.size > 0) {
      this.#fill();
      const tookMs = await this.#write();
      if (this.#inFlight.size > 0) await sleep(backoff.next());
      else {
        backoff.reset();
        await this.#rest(this.#deps.restMs?.(tookMs) ?? 0);
      }
    }
    this.#isFlushing = false;
  }

  async #rest(restMs: number): Promise<void> {
    if (restMs === 0 || this.#draining > 0) return;
    const rest: Deferred<void> = createDeferred();
    const timer = setTimeout(rest.resolve, restMs).unref();
    this.#endRest = rest.resolve;
    await rest.promise;
    clearTimeout(timer);
  }

  /** Moves pending items into the batch in flight. A later item of a key that has failed waits for the retry. */
  #fill(): void {
    for (const [key, item] of this.#pending) {
      if (this.#inFlight.size >= this.#deps.maxBatch) return;
      if (this.#inFlight.has(key)) continue;
      this.#inFlight.set(key, item);
      this.#pending.delete(key);
    }
  }

  /** Writes the batch in flight once. What has failed stays in flight. @returns how long it took, in ms. */
  async #write(): Promise<number> {
    const { write, onFailure, dropFailed = false } = this.#deps;
    const batch = new Map(this.#inFlight);
    // A write that goes on after its batch has failed may settle its item late: never a newer one of the same key.
    const settle = (key: Key): void => {
      if (this.#inFlight.get(key) === batch.get(key)) this.#inFlight.delete(key);
    };
    const startedMs = monotonicMs();
    let hasFailed = false;
    try {
      await write(batch, settle);
    } catch (error) {
      hasFailed = true;
      onFailure(error, batch);
    }
    if (!hasFailed || dropFailed) for (const key of batch.keys()) settle(key);
    this.#endRound();
    return monotonicMs() - startedMs;
  }

  #endRound(): void {
    this.#round.resolve();
    this.#round = createDeferred();
  }
}
