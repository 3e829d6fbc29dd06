import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { UserId } from '../../contract/index.js';
import type { Config } from './config.js';
import { connectDatabase, type Database } from './database/connect.js';
import { ensureIndexes } from './database/indexes.js';
import { createHttpApp } from './http/index.js';
import { DEMO_USERS } from './http/routes/demo.js';
import { createLive, type Live } from './live.js';
import { createModels, type Models } from './models/index.js';
import { Gate } from './pipeline/gate.js';
import { findSecret } from './secret.js';
import { joinRedis } from './redis/index.js';
import type { Peers } from './services/ports.js';
import { MemoryWindowCache, NoWindowCache } from './services/windowCache.js';
import { createServices, type Services } from './services/index.js';
import { TokenVerifier } from './services/tokens.js';
import { shutDown } from './shutdown.js';
import { authenticate } from './socket/auth.js';
import { bindCommands } from './socket/bind.js';
import { createHandlers } from './socket/handlers/index.js';
import { createSocketServer } from './socket/index.js';
import { Sessions } from './socket/sessions.js';
import type { ChatServer } from './socket/types.js';
import type { Logger } from './utils/logger.js';
import { createMetrics, type Metrics } from './utils/metrics.js';

export interface App {
  http: Server;
  io: ChatServer;
  /** Where it listens. */
  port: number;
  metrics: Metrics;
  models: Models;
  services: Services;
  /** Stops taking commands, finishes and answers those under way, writes what is owed, says goodbye, closes. */
  close(): Promise<void>;
}

/** The page at `/`, from the sources and from the build alike. */
const PUBLIC_DIR = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../../backend/public' : '../public', import.meta.url),
);

/** Composition root: builds and joins everything, and listens once what is derived is right. */
export async function createApp(config: Config, logger: Logger): Promise<App> {
  const database = await connectDatabase(config, logger);
  try {
    return await assemble({ config, logger, database });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Base {
  config: Config;
  logger: Logger;
  database: Database;
}

async function assemble({ config, logger, database }: Base): Promise<App> {
  const models = createModels(database.connection);
  await ensureIndexes(models, logger);
  const metrics = createMetrics();
  const redis =
    config.REDIS_URL === undefined ? undefined : await joinRedis(config.REDIS_URL, { metrics, logger });
  const peers: Peers | undefined = redis;
  // The one listener has to be there before Socket.IO wraps it: two would both answer its polling requests.
  let answer: RequestListener = () => undefined;
  const http = createServer((request, response) => answer(request, response));
  const io = createSocketServer(http, config);
  const live = createLive({ io, peers, metrics, logger, joined: () => ({ services, sessions }) });
  const services: Services = createServices({
    models,
    publisher: live.publisher,
    metrics,
    logger,
    epoch: await models.meta.findEpoch(),
    onRevoked: (userId: UserId, validFromMs: number) => sessions.revoke(userId, validFromMs),
    onUsersChanged: () => live.peerPushes?.announceUsers(),
    presenceStore: peers?.presence,
    windows:
      config.MESSAGE_CACHE === 'off' ? new NoWindowCache() : (redis?.windows ?? new MemoryWindowCache()),
    limits: {
      maxBatch: config.COMMIT_MAX_BATCH,
      maxWaiting: config.COMMIT_MAX_WAITING,
      sendTimeoutMs: config.SEND_TIMEOUT_MS,
      presenceGraceMs: config.PRESENCE_GRACE_MS,
    },
  });
  const sessions: Sessions = new Sessions(io, services.presence);
  const gate = new Gate(services.users);
  await services.start();
  await live.peerPushes?.start();
  const joined = { config, logger, database, metrics, http, io, services, sessions, gate, peers, live };
  answer = await join(joined);
  sessions.start();
  const port = await listen(http, config);
  const close = once(() => shutDown({ ...joined, timeoutMs: config.SHUTDOWN_TIMEOUT_MS }));
  return { http, io, port, metrics, models, services, close };
}

interface Joined extends Base {
  metrics: Metrics;
  http: Server;
  io: ChatServer;
  services: Services;
  sessions: Sessions;
  gate: Gate;
  peers: Peers | undefined;
  live: Live;
}

/** Opens the doors: HTTP routes and socket commands, through the same pipeline. */
async function join(parts: Joined): Promise<RequestListener> {
  const { config, logger, database, metrics, io, services, sessions, gate, peers } = parts;
  const secret = await findSecret(config);
  const tokens = new TokenVerifier({
    algorithms: config.JWT_ALGORITHMS,
    secret,
    publicKey: config.JWT_PUBLIC_KEY,
    audience: config.JWT_AUDIENCE,
    issuer: config.JWT_ISSUER,
  });
  if (config.DEMO) {
    for (const { _id, name } of DEMO_USERS) {
      await services.users.welcome({ userId: _id, name, issuedAtMs: Date.now(), expiresAtMs: Infinity });
    }
  }
  const app = createHttpApp({
    ...services,
    ...{ config, logger, metrics, gate, tokens, publicDir: PUBLIC_DIR },
    demo: config.DEMO ? { secret, audience: config.JWT_AUDIENCE, issuer: config.JWT_ISSUER } : undefined,
    checks: {
      needed: {
        database: () => database.answers(),
        writer: () => Promise.resolve(services.isWriting()),
        accepting: () => Promise.resolve(!gate.isDraining),
      },
      useful: peers === undefined ? {} : { bus: () => Promise.resolve(peers.bus.isUp) },
    },
  });
  io.use(authenticate({ tokens, users: services.users, gate, logger }));
  const handlers = createHandlers({ ...services, sessions, tokens });
  io.on('connection', (socket) => {
    bindCommands({ gate, handlers, metrics, logger }, socket);
    sessions.begin(socket, socket.data.principal);
    metrics.openSockets.set(io.engine.clientsCount);
    socket.on('disconnect', () => {
      sessions.end(socket);
      metrics.openSockets.set(io.engine.clientsCount);
    });
  });
  return app;
}

function listen(http: Server, { PORT, HOST }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(PORT, HOST, () => {
      http.off('error', reject);
      resolve((http.address() as AddressInfo).port);
    });
  });
}

/** The same promise for every call. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= work());
}
