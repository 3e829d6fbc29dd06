import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { UserId } from '../../contract/index.js';
import type { Config } from './config.js';
import { observeCommands } from './database/commandTimes.js';
import { connectDatabase, type Database } from './database/connect.js';
import { createEpochFile } from './database/epochFile.js';
import { ensureIndexes } from './database/indexes.js';
import { createCommands } from './commands/index.js';
import { createHttpApp } from './http/index.js';
import { createHttpServer } from './http/server.js';
import { DEMO_USERS } from './http/routes/demo.js';
import { createLive, type Live } from './live.js';
import { createModels, type Models } from './models/index.js';
import { Gate } from './pipeline/gate.js';
import { RateLimits } from './pipeline/rateLimits.js';
import { findSecret } from './secret.js';
import { joinRedis, type RedisPeers } from './redis/index.js';
import type { Peers, WindowCache } from './services/ports.js';
import { MemoryWindowCache, NoWindowCache } from './services/windowCache.js';
import { createServices, type ServiceParts, type Services } from './services/index.js';
import { TokenVerifier } from './services/tokens.js';
import { shutDown } from './shutdown.js';
import { authenticate } from './socket/auth.js';
import { BackPressure } from './socket/backPressure.js';
import { bindCommands } from './socket/bind.js';
import { CommandLimits } from './socket/commandLimits.js';
import { LocalDelivery } from './socket/delivery.js';
import { createHandlers } from './socket/handlers/index.js';
import { createSocketServer } from './socket/index.js';
import { Legacy } from './socket/legacy/index.js';
import { oldTokenOf } from './socket/legacy/oldToken.js';
import { OpenConversations } from './socket/openConversations.js';
import { PresenceWatches } from './socket/presenceWatches.js';
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

/** What a worker brings along (`cluster/runWorker.ts`); a server that is alone in its process needs none of it. */
export interface AppOptions {
  /** The hub between the workers of this machine: for live delivery and presence where there is no Redis. */
  peers?: Peers;
  /** The figures of all workers, in the text format. By default those of this process. */
  renderMetrics?: () => Promise<string>;
  /** Called when the database was restored under this server: it has to start anew, in a new process. */
  onRestored?: () => void;
  /** Called when every door has its listeners, before the first connection can come. */
  beforeListening?: (doors: { http: Server; io: ChatServer }) => void;
}

/** The page at `/`, from the sources and from the build alike. */
const PUBLIC_DIR = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../../backend/public' : '../public', import.meta.url),
);

/** Composition root: builds and joins everything, and listens once what is derived is right. */
export async function createApp(config: Config, logger: Logger, options: AppOptions = {}): Promise<App> {
  const database = await connectDatabase(config, logger);
  try {
    return await assemble({ config, logger, database, options });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Base {
  config: Config;
  logger: Logger;
  database: Database;
  options: AppOptions;
}

async function assemble({ config, logger, database, options }: Base): Promise<App> {
  const models = createModels(database.connection, { historyFrom: config.HISTORY_READ_PREFERENCE });
  const metrics = createMetrics();
  observeCommands(database.connection, metrics);
  await ensureIndexes(models, logger);
  const redis = await findRedis(config, { metrics, logger });
  // Redis reaches the other workers, and other machines, too.
  const peers = redis ?? options.peers;
  // The one listener has to be there before Socket.IO wraps it: two would both answer its polling requests.
  let answer: RequestListener = () => undefined;
  const http = createHttpServer((request, response) => answer(request, response));
  const outward = createOutward(
    { config, logger, metrics, http, redis, peers },
    { services: () => services, sessions: () => sessions },
  );
  const { io, backPressure, openConversations, watches, live } = outward;
  const services: Services = createServices({
    ...{ models, publisher: live.publisher, metrics, logger },
    epochMemory: createEpochFile(config.DATA_DIR, config.DATABASE_NAME),
    onRestored: () => options.onRestored?.(),
    onRevoked: (userId: UserId, validFromMs: number) => sessions.revoke(userId, validFromMs) > 0,
    onUsersChanged: () => live.peerPushes?.announceUsers(),
    onErased: (erased) => live.peerPushes?.announceErased(erased),
    onHiding: (userIds) => watches.recheck(userIds),
    onApart: (userIds) => {
      watches.recheck(userIds);
      live.peerPushes?.announceApart(userIds);
    },
    presenceStore: peers?.presence,
    windows: findWindows(config, redis),
    limits: toLimits(config),
  });
  const sessions: Sessions = new Sessions({
    ...{ io, presence: services.presence, openConversations },
    maxSocketsPerUser: config.MAX_SOCKETS_PER_USER,
  });
  const gate = new Gate(services.users, config.MAX_COMMANDS_UNDER_WAY);
  await services.start();
  await live.peerPushes?.start();
  const commandLimits = new CommandLimits(backPressure, config.MAX_COMMANDS_PER_SOCKET);
  const joined = {
    ...{ config, logger, database, options, metrics, http, services, sessions, gate },
    ...{ commandLimits, peers, ...outward },
  };
  answer = await join(joined);
  sessions.start();
  options.beforeListening?.({ http, io });
  const port = await listen(http, config);
  const close = once(() => shutDown({ ...joined, timeoutMs: config.SHUTDOWN_TIMEOUT_MS }));
  return { http, io, port, metrics, models, services, close };
}

const findRedis = async (
  { REDIS_URL: url, DATABASE_NAME: databaseName }: Config,
  parts: { metrics: Metrics; logger: Logger },
): Promise<RedisPeers | undefined> =>
  url === undefined ? undefined : joinRedis(url, { databaseName, ...parts });

const findWindows = ({ MESSAGE_CACHE }: Config, redis: RedisPeers | undefined): WindowCache =>
  MESSAGE_CACHE === 'off' ? new NoWindowCache() : (redis?.windows ?? new MemoryWindowCache());

const toLimits = (config: Config): ServiceParts['limits'] => ({
  maxBatch: config.COMMIT_MAX_BATCH,
  maxWaiting: config.COMMIT_MAX_WAITING,
  maxWaitingPerUser: config.COMMIT_MAX_WAITING_PER_USER,
  sendTimeoutMs: config.SEND_TIMEOUT_MS,
  presenceGraceMs: config.PRESENCE_GRACE_MS,
  receiptWindows: { smallMs: config.RECEIPT_WINDOW_MS, largeMs: config.RECEIPT_WINDOW_LARGE_MS },
  verifyIntervalMs: config.VERIFY_INTERVAL_MS,
  windowsOfChange: { editMs: config.EDIT_WINDOW_MS, deleteMs: config.DELETE_WINDOW_MS },
});

/** The socket server, and what guards it and what is said through it. */
function createSockets(
  parts: Pick<Joined, 'config' | 'logger' | 'metrics' | 'http'> & { redis: RedisPeers | undefined },
) {
  const { config, logger, metrics, http, redis } = parts;
  const rateLimits = new RateLimits({
    rules: config.RATE_LIMITS,
    redis: redis?.redis.commands,
    namespace: config.DATABASE_NAME,
    metrics,
    logger,
  });
  const io = createSocketServer(http, { config, rateLimits, logger });
  const maxWaitingBytes = config.SOCKET_MAX_WAITING_BYTES;
  return { io, rateLimits, backPressure: new BackPressure({ io, metrics, logger, maxWaitingBytes }) };
}

type OutwardParts = Parameters<typeof createSockets>[0] & { peers: Peers | undefined };

/** Sockets, and the way out to them. What they ask of services is there once a socket is. */
function createOutward(parts: OutwardParts, later: { services: () => Services; sessions: () => Sessions }) {
  const { logger, metrics, peers } = parts;
  const sockets = createSockets(parts);
  const { io, backPressure } = sockets;
  const delivery = new LocalDelivery({
    ...{ io, backPressure, metrics },
    judge: (hearer, what) => later.services().sight.discretion.hears(hearer, what),
  });
  const openConversations = new OpenConversations();
  const watches = new PresenceWatches({
    ...{ io, logger },
    findAllowed: (caller, userIds) => later.services().presence.watchable(caller, userIds),
  });
  const joined = () => ({ services: later.services(), sessions: later.sessions(), watches });
  const live = createLive({ io, delivery, peers, openConversations, metrics, logger, joined });
  return { ...sockets, openConversations, watches, live };
}

interface Joined extends Base {
  metrics: Metrics;
  http: Server;
  io: ChatServer;
  services: Services;
  sessions: Sessions;
  gate: Gate;
  rateLimits: RateLimits;
  commandLimits: CommandLimits;
  backPressure: BackPressure;
  peers: Peers | undefined;
  live: Live;
  openConversations: OpenConversations;
}

/** Opens the doors: HTTP routes and socket commands, through the same pipeline. */
async function join(parts: Joined): Promise<RequestListener> {
  const { config, logger, database, options, metrics, services, gate, peers, rateLimits } = parts;
  const secret = await findSecret(config);
  const tokens = createTokens(config, secret);
  if (config.DEMO) {
    for (const { _id, name } of DEMO_USERS) {
      await services.users.welcome({ userId: _id, name, issuedAtMs: Date.now(), expiresAtMs: Infinity });
    }
  }
  const commands = createCommands(services);
  const app = createHttpApp({
    ...services,
    commands,
    ...{ config, logger, metrics, gate, tokens, rateLimits, publicDir: PUBLIC_DIR },
    trustedProxies: config.TRUST_PROXY,
    demo: config.DEMO ? { secret, audience: config.JWT_AUDIENCE, issuer: config.JWT_ISSUER } : undefined,
    renderMetrics: options.renderMetrics ?? (() => metrics.registry.metrics()),
    checks: {
      needed: {
        database: () => database.answers(),
        writer: () => Promise.resolve(services.isWriting()),
        accepting: () => Promise.resolve(!gate.isDraining),
      },
      useful: peers === undefined ? {} : { bus: () => Promise.resolve(peers.bus.isUp) },
    },
  });
  admit(parts, { tokens, commands });
  return app;
}

const createTokens = (config: Config, secret: string): TokenVerifier =>
  new TokenVerifier({
    algorithms: config.JWT_ALGORITHMS,
    secret,
    publicKey: config.JWT_PUBLIC_KEY,
    audience: config.JWT_AUDIENCE,
    issuer: config.JWT_ISSUER,
  });

/** Connections: who may open one, and what is said through it. */
function admit(
  parts: Joined,
  { tokens, commands }: { tokens: TokenVerifier; commands: ReturnType<typeof createCommands> },
): void {
  const { config, logger, metrics, io, services, sessions, gate, rateLimits, openConversations } = parts;
  const { LEGACY: mapping } = config;
  io.use(
    authenticate({
      ...{ tokens, users: services.users, blocks: services.sight.blocks, gate, rateLimits, logger },
      trustedProxies: config.TRUST_PROXY,
      oldTokenOf: mapping && ((socket) => oldTokenOf(mapping, socket)),
    }),
  );
  const handlers = createHandlers({ ...services, sessions, tokens, openConversations }, commands);
  const legacy = mapping && new Legacy({ mapping, ...parts, aliases: services.aliases });
  const binding = { gate, rateLimits, commandLimits: parts.commandLimits, handlers, metrics, logger, legacy };
  io.on('connection', (socket) => {
    bindCommands(binding, socket);
    legacy?.admit(socket);
    sessions.begin(socket, socket.data.principal);
    metrics.openSockets.set(io.engine.clientsCount);
    socket.on('disconnect', (reason) => {
      sessions.end(socket);
      // Nobody any more: what is left of the connection would stay for as long as it likes, and count for no user.
      if (reason === 'client namespace disconnect') socket.conn.close();
      metrics.openSockets.set(io.engine.clientsCount);
    });
  });
}

/**
 * Connections that the kernel keeps until they are accepted, at most (it may have a lower bound of its own). With Node's
 * 511 the rest of thousands who come back at once are told nothing, and try again after 1, 3, 7, 15 seconds.
 */
const ACCEPT_BACKLOG = 4_096;

function listen(http: Server, { PORT, HOST }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ port: PORT, host: HOST, backlog: ACCEPT_BACKLOG }, () => {
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
