import type { Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { withDeadline } from '../utils/deadline.js';
import { BrokerBus, BrokerLink, BrokerPresence } from './broker/index.js';
import { PendingAnswers } from '../utils/pendingAnswers.js';
import { keepRunningWithoutPrimary, stopReading } from './nodeInternals/index.js';
import { fromPrimary, type FromPrimary, type FromWorker, type WireMetric } from './wire.js';
import { wireMetricsOf } from './wireMetrics.js';

/** Time limit for the primary's answer with metrics, in ms. The primary waits less for each worker. */
const METRICS_TIMEOUT_MS = 5_000;
/** Time limit for the last messages of a worker that ends, in ms. */
const FINAL_MESSAGES_MS = 1_000;
const LIVENESS_CHECK_MS = 500;

export interface PrimaryLinkEvents {
  /** The primary asks this worker to finish and end, or the primary is gone. */
  onDrain: () => void;
  /** Another worker received a connection that belongs to a session of this worker. */
  onMove: (socket: Socket, bytes: Buffer) => void;
}

/** A worker's channel to its primary: broker frames, metrics, connections moved between workers, and draining. */
export class PrimaryLink {
  readonly #broker: BrokerLink;
  readonly bus: BrokerBus;
  readonly presence: BrokerPresence;
  readonly #answers = new PendingAnswers<string>();
  readonly #livenessCheck: NodeJS.Timeout;
  /** Metrics of this worker; set once the app exists. */
  registry: Registry | undefined;

  constructor(
    readonly worker: Worker,
    readonly events: PrimaryLinkEvents,
  ) {
    this.#broker = new BrokerLink((frames, done) => this.#sendThen({ parley: 'broker', frames }, done));
    this.bus = new BrokerBus(this.#broker);
    this.presence = new BrokerPresence(this.#broker);
    worker.on('message', (message: unknown, handle: unknown) => {
      const parsed = fromPrimary.safeParse(message);
      if (parsed.success) this.#receive(parsed.data, handle);
    });
    worker.on('disconnect', () => {
      keepRunningWithoutPrimary(worker);
      this.#onDisconnected();
    });
    // No `disconnect` when the primary dies before it has confirmed a connection that this worker has sent to it.
    this.#livenessCheck = setInterval(() => {
      if (!worker.isConnected()) this.#onDisconnected();
    }, LIVENESS_CHECK_MS);
    this.#livenessCheck.unref();
  }

  send(message: FromWorker): void {
    this.#sendThen(message, () => undefined);
  }

  /** Passes a connection to another worker, with the bytes that were already read from it. */
  move(to: number, bytes: Buffer, socket: Socket): void {
    if (!this.worker.isConnected()) {
      socket.destroy();
      return;
    }
    stopReading(socket);
    const message: FromWorker = { parley: 'move', to, bytes: bytes.toString('base64') };
    process.send?.(message, socket, {}, () => undefined);
  }

  /** Returns the metrics of all workers in the Prometheus text format. @throws when the primary does not answer. */
  async askMetrics(): Promise<string> {
    return this.#answers.request((ask) => this.send({ parley: 'askMetrics', ask }), {
      timeoutMs: METRICS_TIMEOUT_MS,
      onTimeout: () => new Error('the primary does not answer'),
    });
  }

  /** Says why this worker cannot start. Bounded; never throws. */
  async reportFailure(reason: string): Promise<void> {
    await this.#sendAndFlush({ parley: 'failed', reason });
  }

  /** Leaves the last figures with the primary, so that sums over all workers never go back. Bounded; never throws. */
  async sendFinalMetrics(): Promise<void> {
    await this.#sendAndFlush({ parley: 'metrics', metrics: await this.#metrics() });
  }

  async #sendAndFlush(message: FromWorker): Promise<void> {
    const sent = new Promise<void>((resolve) => this.#sendThen(message, () => resolve()));
    const flushed = Promise.all([sent, this.#broker.flushed()]);
    await withDeadline(flushed, FINAL_MESSAGES_MS, () => new Error('the primary takes nothing')).catch(
      () => undefined,
    );
  }

  #onDisconnected(): void {
    clearInterval(this.#livenessCheck);
    this.#broker.close();
    this.events.onDrain();
  }

  #receive(message: FromPrimary, handle: unknown): void {
    switch (message.parley) {
      case 'broker':
        this.#broker.receive(message.frames);
        break;
      case 'drain':
        this.events.onDrain();
        break;
      case 'move':
        // Without a handle, the client has disconnected in the meantime.
        if (isSocket(handle)) this.events.onMove(handle, Buffer.from(message.bytes, 'base64'));
        break;
      case 'askMetrics':
        void this.#metrics().then((metrics) => this.send({ parley: 'metrics', ask: message.ask, metrics }));
        break;
      case 'metricsText':
        this.#answers.settle(message.ask, message.text);
        break;
    }
  }

  async #metrics(): Promise<WireMetric[]> {
    return this.registry === undefined ? [] : wireMetricsOf(this.registry);
  }

  #sendThen(message: FromWorker, done: (error: Error | null) => void): void {
    if (!this.worker.isConnected()) done(new Error('the primary is gone'));
    else process.send?.(message, undefined, {}, done);
  }
}

const isSocket = (handle: unknown): handle is Socket =>
  typeof handle === 'object' && handle !== null && 'unshift' in handle && 'destroy' in handle;
