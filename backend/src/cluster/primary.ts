import cluster from 'node:cluster';
import type { Socket } from 'node:net';
import type { Config } from '../config.js';
import type { Logger } from '../utils/logger.js';
import { ClusterMetrics } from './clusterMetrics.js';
import { WorkerPool } from './workerPool.js';
import { BrokerRouter } from './broker/index.js';
import { closeUnconfirmedHandoffs } from './nodeInternals/index.js';
import { KILL_MARGIN_MS } from './timing.js';
import type { FromWorker } from './wire.js';
import { WorkerProcess } from './workerProcess.js';

export interface PrimaryDeps {
  config: Pick<Config, 'WORKERS' | 'PORT' | 'HOST' | 'SHUTDOWN_TIMEOUT_MS'>;
  logger: Logger;
  /** Path of the program that each worker runs. */
  entry: string;
  onGiveUp: (reason: string) => void;
}

/**
 * Supervises the workers. It accepts connections and passes them to workers unread (Node's round robin), routes pushes
 * between workers, and aggregates their metrics. It holds no database connection and no state that must survive.
 */
export class Primary {
  readonly #deps: PrimaryDeps;
  readonly #workers: WorkerPool;
  readonly #metrics: ClusterMetrics;
  readonly #broker: BrokerRouter;

  constructor(deps: PrimaryDeps) {
    this.#deps = deps;
    const { config, logger } = deps;
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: deps.entry, args: [] });
    this.#metrics = new ClusterMetrics(() => this.#workers.serving);
    this.#broker = new BrokerRouter({ onDropped: (count) => this.#metrics.droppedPushes.inc(count) });
    this.#workers = new WorkerPool({
      count: config.WORKERS,
      logger,
      fork: () => this.#fork(),
      retireTimeoutMs: config.SHUTDOWN_TIMEOUT_MS + KILL_MARGIN_MS,
      onReady: ({ id, pid }) => logger.info({ worker: id, pid }, 'a worker is ready'),
      onExited: ({ id }) => {
        this.#broker.remove(id);
        void this.#metrics.removeWorker(id);
      },
      onReplaced: (reason) => this.#metrics.restarts.inc({ reason }),
      onGiveUp: deps.onGiveUp,
    });
  }

  /** Returns the port once every worker accepts connections. @throws StartFailed */
  start(): Promise<number> {
    return this.#workers.start();
  }

  /** Replaces the workers one after the other, so that some worker accepts connections at all times. */
  restart(): Promise<void> {
    return this.#workers.restartAll();
  }

  /** Lets all workers finish and end. */
  stop(): Promise<void> {
    return this.#workers.stop();
  }

  #fork(): WorkerProcess {
    const { WORKERS, PORT, HOST } = this.#deps.config;
    // These values take precedence over a changed `.env` file, because all workers must share them.
    const forked = cluster.fork({ WORKERS, PORT, HOST });
    const worker: WorkerProcess = new WorkerProcess({
      worker: forked,
      logger: this.#deps.logger,
      onMessage: (message, socket) => this.#receive(worker, message, socket),
    });
    closeUnconfirmedHandoffs(forked, worker.exited);
    this.#broker.add(worker.id, (frames, done) => worker.send({ parley: 'broker', frames }, done));
    return worker;
  }

  #receive(worker: WorkerProcess, message: FromWorker, socket: Socket | undefined): void {
    switch (message.parley) {
      case 'broker':
        this.#broker.receive(worker.id, message.frames);
        break;
      case 'move': {
        if (socket === undefined) return;
        // Where the session's worker is gone, the one that asked says so to the client.
        const owner = this.#workers.find(message.to) ?? worker;
        owner.sendSocket(message, socket);
        break;
      }
      case 'askMetrics':
        void this.#metrics
          .render()
          .then((text) => worker.send({ parley: 'metricsText', ask: message.ask, text }));
        break;
      case 'metrics':
        this.#metrics.receive(worker.id, message);
        break;
      case 'ready':
      case 'failed':
        break;
    }
  }
}
