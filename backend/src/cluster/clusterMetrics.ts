import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import { PendingAnswers } from '../utils/pendingAnswers.js';
import type { WireMetric } from './wire.js';
import { wireMetricsOf } from './wireMetrics.js';
import type { WorkerProcess } from './workerProcess.js';

/** Time limit for a worker's answer, in ms. After it, the last values of this worker are used. */
const WORKER_TIMEOUT_MS = 2_000;
/** Cumulative metric types. Their values are kept after the end of a worker; gauges end with it. */
const CUMULATIVE_TYPES = new Set(['counter', 'histogram', 'summary']);

/**
 * Aggregates the metrics of all workers to those of one server. Counters of ended workers stay in the sums: otherwise a
 * restart would decrease a sum, and Prometheus would take that for a counter reset and show a spike in its rate.
 */
export class ClusterMetrics {
  readonly #primaryRegistry = new Registry();
  readonly #latest = new Map<number, WireMetric[]>();
  #retained: WireMetric[] = [];
  readonly #answers = new PendingAnswers<WireMetric[]>();
  readonly restarts: Counter<'reason'>;
  readonly droppedPushes: Counter;

  constructor(readonly serving: () => WorkerProcess[]) {
    const registers = [this.#primaryRegistry];
    new Gauge({
      name: 'parley_workers',
      help: 'Worker processes that accept connections.',
      registers,
      collect() {
        this.set(serving().length);
      },
    });
    this.restarts = new Counter({
      name: 'parley_worker_restarts_total',
      help: 'Workers that replaced another one, after a crash or in a rolling restart.',
      labelNames: ['reason'] as const,
      registers,
    });
    for (const reason of ['crash', 'rolling']) this.restarts.inc({ reason }, 0);
    this.droppedPushes = new Counter({
      name: 'parley_broker_dropped_total',
      help: 'Pushes between workers that were dropped because the receiving worker did not drain its channel.',
      registers,
    });
  }

  /** Returns the metrics of all workers and of the primary in the Prometheus text format. */
  async render(): Promise<string> {
    await Promise.all(this.serving().map((worker) => this.#requestMetrics(worker)));
    const workers = AggregatorRegistry.aggregate([this.#retained, ...this.#latest.values()]);
    return `${await workers.metrics()}\n${await this.#primaryRegistry.metrics()}`;
  }

  /** Stores the metrics of a worker: the answer to a request, or its final values before it ends. */
  receive(workerId: number, message: { ask?: number | undefined; metrics: WireMetric[] }): void {
    this.#latest.set(workerId, message.metrics);
    if (message.ask !== undefined) this.#answers.settle(message.ask, message.metrics);
  }

  /** Called when a worker is gone: keeps its cumulative metrics. */
  async removeWorker(workerId: number): Promise<void> {
    const latest = this.#latest.get(workerId);
    this.#latest.delete(workerId);
    if (latest === undefined) return;
    const cumulative = latest.filter(({ type }) => CUMULATIVE_TYPES.has(type));
    // Added before the first `await`, because a scrape may run at any time.
    const before = this.#retained;
    this.#retained = [...before, ...cumulative];
    this.#retained = await wireMetricsOf(AggregatorRegistry.aggregate([this.#retained]));
  }

  async #requestMetrics(worker: WorkerProcess): Promise<void> {
    try {
      await this.#answers.request((ask) => worker.send({ parley: 'askMetrics', ask }), {
        timeoutMs: WORKER_TIMEOUT_MS,
        onTimeout: () => new Error('the worker did not answer'),
      });
    } catch {
      // The worker's last values are used instead.
    }
  }
}
