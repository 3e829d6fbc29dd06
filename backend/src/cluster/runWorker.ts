import type { Worker } from 'node:cluster';
import { createApp, type App } from '../app.js';
import type { Config } from '../config.js';
import { createDeferred, type Deferred } from '../utils/deferred.js';
import type { Logger } from '../utils/logger.js';
import { PrimaryLink } from './primaryLink.js';
import { SessionHandoffs } from './sessionHandoffs.js';
import { PROTOCOL } from './wire.js';

export interface RunningWorker {
  /** Resolves when the server has ended gracefully, or with the error when it could not start. */
  ended: Promise<Error | undefined>;
  /** Finishes commands that are under way, and ends. */
  drain(): void;
}

export interface WorkerDeps {
  worker: Worker;
  config: Config;
  logger: Logger;
  /** Called when the primary asks the worker to end, or has died. From then on the time to end is limited. */
  onDrain: () => void;
  /** Called when the database was restored from a backup while the worker ran. */
  onRestored: () => void;
}

/** Runs one of several servers behind a port: an ordinary one, connected to the others through the primary. */
export function runWorker(deps: WorkerDeps): RunningWorker {
  const { worker, config, logger, onDrain, onRestored } = deps;
  const drainRequested: Deferred<void> = createDeferred();
  const drain = (): void => {
    drainRequested.resolve();
    onDrain();
  };
  let handoffs: SessionHandoffs | undefined;
  const link = new PrimaryLink(worker, {
    onDrain: drain,
    onMove: (socket, bytes) => {
      if (handoffs === undefined) socket.destroy();
      else handoffs.adopt(socket, bytes);
    },
  });
  const starting = createApp(config, logger, {
    onRestored,
    cluster: {
      bus: link.bus,
      presence: link.presence,
      close: async () => {
        await link.bus.close();
        await link.presence.close();
      },
    },
    renderMetrics: () => link.askMetrics(),
    beforeListening: ({ http, io }) => {
      const move: SessionHandoffs['deps']['move'] = (to, bytes, socket) => link.move(to, bytes, socket);
      handoffs = new SessionHandoffs({ http, io, workerId: worker.id, move });
    },
  });
  return { ended: serve({ link, starting, drainRequested: drainRequested.promise }), drain };
}

interface Serving {
  link: PrimaryLink;
  starting: Promise<App>;
  drainRequested: Promise<void>;
}

async function serve({ link, starting, drainRequested }: Serving): Promise<Error | undefined> {
  try {
    const app = await starting;
    link.registry = app.metrics.registry;
    link.send({ parley: 'ready', protocol: PROTOCOL, port: app.port });
    await drainRequested;
    await app.close();
    await link.sendFinalMetrics();
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    await link.reportFailure(cause.message);
    return cause;
  }
}
