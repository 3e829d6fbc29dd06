import { withoutReadDeadline } from './readDeadline.js';

/**
 * Gathers items that are added in one turn of the event loop, or while the previous batch runs, and runs them as one
 * batch: a thousand at once cost a few queries, and a single one waits for no timer.
 */
export class TickBatcher<Item> {
  #next: { items: Item[]; done: Promise<void> } | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(readonly run: (items: readonly Item[]) => Promise<void>) {}

  /** Resolves when the batch of these items has ended. @throws as the batch. */
  async add(items: readonly Item[]): Promise<void> {
    // A batch serves many callers: it does not end with the one that opened it.
    this.#next ??= withoutReadDeadline(() => this.#open());
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
    // The next batch waits for the end of this one, whether it succeeds or fails.
    this.#running = done.catch(() => undefined);
    return { items, done };
  }
}
