import type { Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { withDeadline } from '../utils/deadline.js';
import { HubBus } from './hub/hubBus.js';
import { HubLink } from './hub/hubLink.js';
import { HubPresence } from './hub/hubPresence.js';
import { stopReading } from './stopReading.js';
import { fromPrimary, type FromPrimary, type FromWorker, type WireMetric } from './wire.js';

/** How long somebody who asks for metrics waits for the primary, in ms; it waits less for each worker. */
const METRICS_WITHIN_MS = 5_000;
/** What a worker still has to say when it ends gets this long, in ms. */
const LAST_WORDS_MS = 1_000;
const WATCH_MS = 500;

export interface PrimaryLinkEvents {
  /** The primary wants this worker to finish and go; or the primary is gone. */
  onDrain: () => void;
  /** A connection of a session of this worker came in at another one. */
  onMove: (socket: Socket, bytes: Buffer) => void;
}

/** A worker's end of the channel to its primary: the hub, metrics, connections that move, and the end. */
export class PrimaryLink {
  readonly #hub: HubLink;
  readonly bus: HubBus;
  readonly presence: HubPresence;
  readonly #asked = new Map<number, (text: string) => void>();
  readonly #watch: NodeJS.Timeout;
  #counter = 0;
  /** What this worker measures; set when there is something. */
  registry: Registry | undefined;

  constructor(
    readonly worker: Worker,
    readonly events: PrimaryLinkEvents,
  ) {
    this.#hub = new HubLink((frames, done) => this.#send({ parley: 'hub', frames }, done));
    this.bus = new HubBus(this.#hub);
    this.presence = new HubPresence(this.#hub);
    worker.on('message', (message: unknown, handle: unknown) => {
      const parsed = fromPrimary.safeParse(message);
      if (parsed.success) this.#receive(parsed.data, handle);
    });
    worker.on('disconnect', () => {
      // Else Node ends this process right here, in the midst of what it is doing.
      worker.exitedAfterDisconnect = true;
      this.#lost();
    });
    // Of a primary that dies with a connection on its way to it no event tells: Node waits for it to confirm.
    this.#watch = setInterval(() => {
      if (!worker.isConnected()) this.#lost();
    }, WATCH_MS);
    this.#watch.unref();
  }

  say(message: FromWorker): void {
    this.#send(message, () => undefined);
  }

  /** Passes a connection on, with what was read from it. */
  move(to: number, bytes: Buffer, socket: Socket): void {
    if (!this.worker.isConnected()) {
      socket.destroy();
      return;
    }
    stopReading(socket);
    const message: FromWorker = { parley: 'move', to, bytes: bytes.toString('base64') };
    process.send?.(message, socket, {}, () => undefined);
  }

  /** The metrics of all workers, in the text format. @throws when the primary does not answer. */
  async askMetrics(): Promise<string> {
    const ask = (this.#counter += 1);
    try {
      const answer = new Promise<string>((resolve) => this.#asked.set(ask, resolve));
      this.say({ parley: 'askMetrics', ask });
      return await withDeadline(answer, METRICS_WITHIN_MS, () => new Error('the primary does not answer'));
    } finally {
      this.#asked.delete(ask);
    }
  }

  /** Says why this worker cannot start. Bounded; never throws. */
  async fail(reason: string): Promise<void> {
    await this.#saidWithinBounds({ parley: 'failed', reason });
  }

  /** Leaves the last figures with the primary, so that sums over all workers never go back. Bounded; never throws. */
  async lastWords(): Promise<void> {
    await this.#saidWithinBounds({ parley: 'metrics', metrics: await this.#metrics() });
  }

  async #saidWithinBounds(message: FromWorker): Promise<void> {
    const sent = new Promise<void>((resolve) => this.#send(message, () => resolve()));
    const said = Promise.all([sent, this.#hub.flushed()]);
    await withDeadline(said, LAST_WORDS_MS, () => new Error('the primary takes nothing')).catch(
      () => undefined,
    );
  }

  #lost(): void {
    clearInterval(this.#watch);
    this.#hub.close();
    this.events.onDrain();
  }

  #receive(message: FromPrimary, handle: unknown): void {
    switch (message.parley) {
      case 'hub':
        this.#hub.receive(message.frames);
        break;
      case 'drain':
        this.events.onDrain();
        break;
      case 'move':
        // Without a handle the client has gone meanwhile.
        if (isSocket(handle)) this.events.onMove(handle, Buffer.from(message.bytes, 'base64'));
        break;
      case 'askMetrics':
        void this.#metrics().then((metrics) => this.say({ parley: 'metrics', ask: message.ask, metrics }));
        break;
      case 'metricsText':
        this.#asked.get(message.ask)?.(message.text);
        break;
    }
  }

  async #metrics(): Promise<WireMetric[]> {
    const metrics = (await this.registry?.getMetricsAsJSON()) ?? [];
    // The library types what it gives by its smallest part; it is plain JSON.
    return metrics as unknown as WireMetric[];
  }

  #send(message: FromWorker, done: (error: Error | null) => void): void {
    if (!this.worker.isConnected()) done(new Error('the primary is gone'));
    else process.send?.(message, undefined, {}, done);
  }
}

const isSocket = (handle: unknown): handle is Socket =>
  typeof handle === 'object' && handle !== null && 'unshift' in handle && 'destroy' in handle;
