import type { Worker } from 'node:cluster';
import { createApp, type App } from '../app.js';
import type { Config } from '../config.js';
import type { Logger } from '../utils/logger.js';
import { PrimaryLink } from './primaryLink.js';
import { SessionMoves } from './sessionMoves.js';
import { PROTOCOL } from './wire.js';

export interface RunningWorker {
  /** Resolves when the server in it has ended gracefully, or could not start: why it did not. */
  ended: Promise<Error | undefined>;
  /** Finishes what is under way, and ends. */
  drain(): void;
}

export interface WorkerParts {
  worker: Worker;
  config: Config;
  logger: Logger;
  /** Told to go, by the primary or by its death. From here on there is a limit to how long it may take. */
  onDrain: () => void;
  /** The database was restored under it. */
  onRestored: () => void;
}

/** One server of several behind a port: the ordinary one, joined to the others through its primary. */
export function runWorker(parts: WorkerParts): RunningWorker {
  const { worker, config, logger, onDrain, onRestored } = parts;
  let drain = (): void => undefined;
  const toldToGo = new Promise<void>((resolve) => {
    drain = () => {
      resolve();
      onDrain();
    };
  });
  let moves: SessionMoves | undefined;
  const link = new PrimaryLink(worker, {
    onDrain: () => drain(),
    onMove: (socket, bytes) => {
      if (moves === undefined) socket.destroy();
      else moves.adopt(socket, bytes);
    },
  });
  const starting = createApp(config, logger, {
    onRestored,
    peers: {
      ...{ bus: link.bus, presence: link.presence },
      close: async () => {
        await link.bus.close();
        await link.presence.close();
      },
    },
    renderMetrics: () => link.askMetrics(),
    beforeListening: ({ http, io }) => {
      const move: SessionMoves['parts']['move'] = (to, bytes, socket) => link.move(to, bytes, socket);
      moves = new SessionMoves({ http, io, workerId: worker.id, move });
    },
  });
  return { ended: serve({ link, starting, toldToGo }), drain: () => drain() };
}

interface Serving {
  link: PrimaryLink;
  starting: Promise<App>;
  toldToGo: Promise<void>;
}

async function serve({ link, starting, toldToGo }: Serving): Promise<Error | undefined> {
  try {
    const app = await starting;
    link.registry = app.metrics.registry;
    link.say({ parley: 'ready', protocol: PROTOCOL, port: app.port });
    await toldToGo;
    await app.close();
    await link.lastWords();
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    await link.fail(cause.message);
    return cause;
  }
}
