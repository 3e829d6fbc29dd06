/**
 * Gathers what is asked for in one turn of the event loop, or while the batch before is under way, and does it in one
 * go: a thousand who arrive at once cost a few queries, one alone waits for nobody.
 */
export class TickBatcher<Item> {
  #next: { items: Item[]; done: Promise<void> } | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(readonly run: (items: readonly Item[]) => Promise<void>) {}

  /** Resolves when the batch that these items are in has been done. @throws what the batch threw. */
  async add(items: readonly Item[]): Promise<void> {
    this.#next ??= this.#open();
    this.#next.items.push(...items);
    await this.#next.done;
  }

  #open(): { items: Item[]; done: Promise<void> } {
    const items: Item[] = [];
    const endOfTurn = new Promise((resolve) => setImmediate(resolve));
    const done = Promise.all([endOfTurn, this.#running]).then(() => {
      this.#next = undefined;
      return this.run(items);
    });
    // The next batch waits for the end of this one, however it ends.
    this.#running = done.catch(() => undefined);
    return { items, done };
  }
}
