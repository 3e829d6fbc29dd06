import cluster from 'node:cluster';
import type { Socket } from 'node:net';
import type { Config } from '../config.js';
import type { Logger } from '../utils/logger.js';
import { ClusterMetrics } from './clusterMetrics.js';
import { Fleet } from './fleet.js';
import { guardHandoff } from './handoffGuard.js';
import { HubRouter } from './hub/router.js';
import { KILL_MARGIN_MS } from './timing.js';
import type { FromWorker } from './wire.js';
import { WorkerProcess } from './workerProcess.js';

export interface PrimaryParts {
  config: Pick<Config, 'WORKERS' | 'PORT' | 'HOST' | 'SHUTDOWN_TIMEOUT_MS'>;
  logger: Logger;
  /** The program that each worker runs. */
  entry: string;
  onGiveUp: (reason: string) => void;
}

/**
 * Runs the workers and serves nobody itself: it accepts connections and passes them on unread (Node's own round robin),
 * carries hints between workers, and adds up their figures. It holds no database connection and no state that could
 * not be lost.
 */
export class Primary {
  readonly #parts: PrimaryParts;
  readonly #fleet: Fleet;
  readonly #metrics: ClusterMetrics;
  readonly #hub: HubRouter;

  constructor(parts: PrimaryParts) {
    this.#parts = parts;
    const { config, logger } = parts;
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: parts.entry, args: [] });
    this.#metrics = new ClusterMetrics(() => this.#fleet.serving);
    this.#hub = new HubRouter({ onDropped: (count) => this.#metrics.droppedHints.inc(count) });
    this.#fleet = new Fleet({
      count: config.WORKERS,
      logger,
      fork: () => this.#fork(),
      retireWithinMs: config.SHUTDOWN_TIMEOUT_MS + KILL_MARGIN_MS,
      onReady: ({ id, pid }) => logger.info({ worker: id, pid }, 'a worker is ready'),
      onGone: ({ id }) => {
        this.#hub.remove(id);
        void this.#metrics.depart(id);
      },
      onReplaced: (reason) => this.#metrics.restarts.inc({ reason }),
      onGiveUp: parts.onGiveUp,
    });
  }

  /** @returns the port, once every worker takes connections. @throws StartFailed */
  start(): Promise<number> {
    return this.#fleet.start();
  }

  /** Replaces the workers one after the other, without a moment in which nobody serves. */
  restart(): Promise<void> {
    return this.#fleet.roll();
  }

  /** All workers finish and go. */
  stop(): Promise<void> {
    return this.#fleet.stop();
  }

  #fork(): WorkerProcess {
    const { WORKERS, PORT, HOST } = this.#parts.config;
    // Whatever a worker reads anew from the file, it joins these.
    const forked = cluster.fork({ WORKERS, PORT, HOST });
    const worker: WorkerProcess = new WorkerProcess({
      worker: forked,
      logger: this.#parts.logger,
      onMessage: (message, socket) => this.#receive(worker, message, socket),
    });
    guardHandoff(forked, worker.exited);
    this.#hub.add(worker.id, (frames, done) => worker.send({ parley: 'hub', frames }, done));
    return worker;
  }

  #receive(worker: WorkerProcess, message: FromWorker, socket: Socket | undefined): void {
    switch (message.parley) {
      case 'hub':
        this.#hub.receive(worker.id, message.frames);
        break;
      case 'move': {
        if (socket === undefined) return;
        // Where the session's worker is gone, the one that asked says so to the client.
        const owner = this.#fleet.find(message.to) ?? worker;
        owner.sendSocket(message, socket);
        break;
      }
      case 'askMetrics':
        void this.#metrics
          .render()
          .then((text) => worker.send({ parley: 'metricsText', ask: message.ask, text }));
        break;
      case 'metrics':
        this.#metrics.take(worker.id, message);
        break;
      case 'ready':
      case 'failed':
        break;
    }
  }
}
