import { withoutReadDeadline, remainingReadMs } from './readDeadline.js';
import { createDeferred, type Deferred } from './deferred.js';

/** Batches in flight at a time: enough to keep the database busy while the next one gathers. */
const MAX_IN_FLIGHT = 3;

/** Keys per query; a longer list is split. */
const MAX_KEYS = 500;

interface Batch<Key, Value> {
  keys: Set<Key>;
  found: Promise<ReadonlyMap<Key, readonly Value[]>>;
  start: () => void;
}

/**
 * Looks values up by key for many callers in few queries. Keys requested in one turn of the event loop, or while other
 * batches are in flight, share a batch: a thousand clients that reconnect at once, each with a handful of lookups, cost
 * few queries. A query always begins after `load` was called, so a caller reads its own earlier writes. For this reason
 * nothing is cached, and DataLoader, which batches per turn only, does not fit.
 */
export class BatchLoader<Key, Value> {
  #next: Batch<Key, Value> | undefined;
  #inFlight = 0;

  /**
   * @param find returns all values with one of these keys.
   * @param keysOf returns the keys under which a value is found.
   */
  constructor(
    readonly find: (keys: readonly Key[]) => Promise<readonly Value[]>,
    readonly keysOf: (value: Value) => readonly Key[],
  ) {}

  /** Returns all values with one of these keys, each of them once. @throws as `find` and `remainingReadMs`. */
  async load(keys: readonly Key[]): Promise<Value[]> {
    if (keys.length === 0) return [];
    remainingReadMs();
    // A batch serves many callers: it does not end with the one that opened it.
    this.#next ??= withoutReadDeadline(() => this.#open());
    for (const key of keys) this.#next.keys.add(key);
    const found = await this.#next.found;
    return [...new Set(keys.flatMap((key) => found.get(key) ?? []))];
  }

  #open(): Batch<Key, Value> {
    const keys = new Set<Key>();
    const { promise: started, resolve: start }: Deferred<void> = createDeferred();
    const found = started.then(() => this.#run(keys));
    setImmediate(() => this.#startNext());
    return { keys, found, start };
  }

  #startNext(): void {
    if (this.#next === undefined || this.#inFlight >= MAX_IN_FLIGHT) return;
    const { start } = this.#next;
    this.#next = undefined;
    this.#inFlight += 1;
    start();
  }

  async #run(keys: ReadonlySet<Key>): Promise<ReadonlyMap<Key, readonly Value[]>> {
    try {
      const all = [...keys];
      const queries = Array.from({ length: Math.ceil(all.length / MAX_KEYS) }, (_, index) =>
        this.find(all.slice(index * MAX_KEYS, (index + 1) * MAX_KEYS)),
      );
      return this.#group(keys, (await Promise.all(queries)).flat());
    } finally {
      this.#inFlight -= 1;
      this.#startNext();
    }
  }

  #group(keys: ReadonlySet<Key>, values: readonly Value[]): Map<Key, Value[]> {
    const found = new Map<Key, Value[]>();
    for (const value of values) {
      for (const key of this.keysOf(value)) {
        if (!keys.has(key)) continue;
        const group = found.get(key);
        if (group === undefined) found.set(key, [value]);
        else group.push(value);
      }
    }
    return found;
  }
}
