import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import { withDeadline } from '../utils/deadline.js';
import type { WireMetric } from './wire.js';
import type { WorkerProcess } from './workerProcess.js';

/** A worker that does not answer within this long, in ms, counts as it did the last time. */
const WORKER_WITHIN_MS = 2_000;
/** What only ever grows. Of a worker that is gone these remain; what it had open is gone with it. */
const GROWING = new Set(['counter', 'histogram', 'summary']);

/**
 * The figures of all workers as those of one server. Counters of workers that are gone stay in the sums: else every
 * restart would let a sum fall, and who watches its rate would take that for a new beginning and see a peak.
 */
export class ClusterMetrics {
  readonly #own = new Registry();
  readonly #latest = new Map<number, WireMetric[]>();
  #departed: WireMetric[] = [];
  readonly #asked = new Map<number, (metrics: WireMetric[]) => void>();
  #counter = 0;
  readonly restarts: Counter<'reason'>;
  readonly droppedHints: Counter;

  constructor(readonly serving: () => WorkerProcess[]) {
    const registers = [this.#own];
    new Gauge({
      name: 'parley_workers',
      help: 'Worker processes that take connections.',
      registers,
      collect() {
        this.set(serving().length);
      },
    });
    this.restarts = new Counter({
      name: 'parley_worker_restarts_total',
      help: 'Workers that took the place of another one, after a crash or in a rolling restart.',
      labelNames: ['reason'] as const,
      registers,
    });
    for (const reason of ['crash', 'rolling']) this.restarts.inc({ reason }, 0);
    this.droppedHints = new Counter({
      name: 'parley_hub_dropped_total',
      help: 'Live hints between workers that were dropped, as the receiver did not take them.',
      registers,
    });
  }

  /** All workers together, in the text format. */
  async render(): Promise<string> {
    await Promise.all(this.serving().map((worker) => this.#ask(worker)));
    const workers = AggregatorRegistry.aggregate([this.#departed, ...this.#latest.values()]);
    return `${await workers.metrics()}\n${await this.#own.metrics()}`;
  }

  /** An answer, or last words. */
  take(workerId: number, message: { ask?: number | undefined; metrics: WireMetric[] }): void {
    this.#latest.set(workerId, message.metrics);
    if (message.ask !== undefined) this.#asked.get(message.ask)?.(message.metrics);
  }

  /** A worker is gone. */
  async depart(workerId: number): Promise<void> {
    const latest = this.#latest.get(workerId);
    this.#latest.delete(workerId);
    if (latest === undefined) return;
    const growing = latest.filter(({ type }) => GROWING.has(type));
    // Synchronously in the sums again: a scrape at this very moment must not miss them.
    const before = this.#departed;
    this.#departed = [...before, ...growing];
    const summed = await AggregatorRegistry.aggregate([this.#departed]).getMetricsAsJSON();
    // As in `PrimaryLink`: the library types what it gives by its smallest part; it is plain JSON.
    this.#departed = summed as unknown as WireMetric[];
  }

  async #ask(worker: WorkerProcess): Promise<void> {
    const ask = (this.#counter += 1);
    try {
      const answer = new Promise<WireMetric[]>((resolve) => this.#asked.set(ask, resolve));
      worker.send({ parley: 'askMetrics', ask });
      await withDeadline(answer, WORKER_WITHIN_MS, () => new Error('the worker does not answer'));
    } catch {
      // Its last figures count instead.
    } finally {
      this.#asked.delete(ask);
    }
  }
}
