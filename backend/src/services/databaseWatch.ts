import { COUNTED, type DatabaseFacts } from '../models/databaseFacts.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';

interface WatchParts {
  facts: DatabaseFacts;
  metrics: Metrics;
  logger: Logger;
}

/** Once a minute and process, however often it is scraped. */
const LOOK_EVERY_MS = 60_000;

/**
 * Looks at the database for the operator: is the index there that keeps pairs apart, is it used, how much is stored.
 * Scrapes read what was found last. What a server cannot tell, or did not this time, is absent.
 */
export class DatabaseWatch {
  readonly #parts: WatchParts;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Looks at once and from then on; nobody waits for it. */
  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Asks for everything now; one look at a time. Never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { facts, metrics } = this.#parts;
    await this.#learn({ what: 'storage', forget: () => metrics.storageBytes.reset() }, async () => {
      const { data, storage, indexes } = await facts.findStorage();
      metrics.storageBytes.set({ part: 'data' }, data);
      metrics.storageBytes.set({ part: 'storage' }, storage);
      metrics.storageBytes.set({ part: 'indexes' }, indexes);
    });
    await this.#learn({ what: 'documents', forget: () => metrics.documents.reset() }, async () => {
      for (const collection of COUNTED) {
        metrics.documents.set({ collection }, await facts.estimateCount(collection));
      }
    });
    await this.#lookAtPairs();
  }

  async #lookAtPairs(): Promise<void> {
    const { facts, metrics } = this.#parts;
    let isThere = false;
    await this.#learn({ what: 'pair index', forget: () => metrics.pairIndexOk.remove() }, async () => {
      isThere = await facts.isPairIndexThere();
      metrics.pairIndexOk.set(Number(isThere));
    });
    const { pairIndexUsed, duplicateConversations } = metrics;
    await this.#learn({ what: 'duplicates', forget: () => duplicateConversations.remove() }, async () =>
      // A unique index that stands is the proof that there are none.
      duplicateConversations.set(isThere ? 0 : await facts.countDuplicates()),
    );
    await this.#learn({ what: 'use of the pair index', forget: () => pairIndexUsed.remove() }, async () => {
      const isUsed = await facts.isPairIndexUsed();
      if (isUsed === undefined) pairIndexUsed.remove();
      else pairIndexUsed.set(Number(isUsed));
    });
  }

  /** What is not learnt is absent from the scrape: an old number would look like a fact. */
  async #learn(fact: { what: string; forget: () => void }, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      fact.forget();
      this.#parts.logger.debug({ err: error, what: fact.what }, 'the database did not tell');
    }
  }
}
