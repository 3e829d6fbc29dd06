import { COUNTED_COLLECTIONS, type DatabaseFacts } from '../../models/databaseFacts.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';

interface WatchDeps {
  facts: DatabaseFacts;
  metrics: Metrics;
  logger: Logger;
}

/** Interval in ms, per process, however often the metrics are scraped. */
const LOOK_EVERY_MS = 60_000;

/**
 * Collects metrics of the database: whether the unique index on pairs exists and is used, and how much is stored.
 * Scrapes read the last values. A value that the database cannot provide, or did not this time, is absent.
 */
export class DatabaseWatch {
  readonly #deps: WatchDeps;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** Collects the metrics now, and then at the interval. Does not wait. */
  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Resolves when no query is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Collects all metrics now; one collection at a time. Never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { facts, metrics } = this.#deps;
    await this.#collect({ what: 'storage', forget: () => metrics.storageBytes.reset() }, async () => {
      const { data, storage, indexes } = await facts.findStorage();
      metrics.storageBytes.set({ part: 'data' }, data);
      metrics.storageBytes.set({ part: 'storage' }, storage);
      metrics.storageBytes.set({ part: 'indexes' }, indexes);
    });
    await this.#collect({ what: 'documents', forget: () => metrics.documents.reset() }, async () => {
      for (const collection of COUNTED_COLLECTIONS) {
        metrics.documents.set({ collection }, await facts.estimateCount(collection));
      }
    });
    await this.#lookAtPairs();
  }

  async #lookAtPairs(): Promise<void> {
    const { facts, metrics } = this.#deps;
    let hasIndex = false;
    await this.#collect({ what: 'pair index', forget: () => metrics.pairIndexOk.remove() }, async () => {
      hasIndex = await facts.hasPairIndex();
      metrics.pairIndexOk.set(Number(hasIndex));
    });
    const { pairIndexUsed, duplicateConversations } = metrics;
    await this.#collect({ what: 'duplicates', forget: () => duplicateConversations.remove() }, async () =>
      // A unique index is proof that there are none.
      duplicateConversations.set(hasIndex ? 0 : await facts.countDuplicates()),
    );
    await this.#collect({ what: 'use of the pair index', forget: () => pairIndexUsed.remove() }, async () => {
      const isUsed = await facts.isPairIndexUsed();
      if (isUsed === undefined) pairIndexUsed.remove();
      else pairIndexUsed.set(Number(isUsed));
    });
  }

  /** Removes a metric that could not be collected: an old value would look current. */
  async #collect(metric: { what: string; forget: () => void }, query: () => Promise<void>): Promise<void> {
    try {
      await query();
    } catch (error) {
      metric.forget();
      this.#deps.logger.debug({ err: error, what: metric.what }, 'a database metric could not be collected');
    }
  }
}
