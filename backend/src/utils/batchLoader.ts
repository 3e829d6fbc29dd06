/** Batches under way at a time: enough to keep the database busy while the next one gathers. */
const MAX_IN_FLIGHT = 3;

/** Keys of one query: a longer list is split. */
const MAX_KEYS = 500;

interface Batch<Key, Value> {
  keys: Set<Key>;
  found: Promise<ReadonlyMap<Key, readonly Value[]>>;
  start: () => void;
}

/**
 * Looks things up by key for many callers in few queries: what is asked for in one turn of the event loop, or while
 * others are under way, goes out together. When a thousand clients come back at once, each with a handful of lookups,
 * that is the difference. A query always begins after it was asked for, so who has written before reads what was written.
 */
export class BatchLoader<Key, Value> {
  #next: Batch<Key, Value> | undefined;
  #inFlight = 0;

  /**
   * @param find everything with one of these keys; called with at most as many as have gathered.
   * @param keysOf under which keys a value is to be found.
   */
  constructor(
    readonly find: (keys: readonly Key[]) => Promise<readonly Value[]>,
    readonly keysOf: (value: Value) => readonly Key[],
  ) {}

  /** Everything with one of these keys, each value once. @throws what `find` throws. */
  async load(keys: readonly Key[]): Promise<Value[]> {
    if (keys.length === 0) return [];
    this.#next ??= this.#open();
    for (const key of keys) this.#next.keys.add(key);
    const found = await this.#next.found;
    return [...new Set(keys.flatMap((key) => found.get(key) ?? []))];
  }

  #open(): Batch<Key, Value> {
    const keys = new Set<Key>();
    let start = (): void => undefined;
    const started = new Promise<void>((resolve) => (start = resolve));
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
      const parts = Array.from({ length: Math.ceil(all.length / MAX_KEYS) }, (_, index) =>
        this.find(all.slice(index * MAX_KEYS, (index + 1) * MAX_KEYS)),
      );
      return this.#group(keys, (await Promise.all(parts)).flat());
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
