import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createCommands } from './commands/index.js';
import { createRunAs, createServerCommands } from './commands/server/index.js';
import type { Config } from './config.js';
import { acceptConnections } from './connections.js';
import { createOwnWrites } from './models/ownWrites.js';
import { observeCommands } from './database/commandTimes.js';
import { connectDatabase, type Database } from './database/connect.js';
import { createEpochFile } from './database/epochFile.js';
import { ensureIndexes } from './database/indexes.js';
import { createHttpApp, ensureDemoUsers, type HttpDeps } from './http/index.js';
import { createHttpServer } from './http/server.js';
import { createModels, type Models } from './models/index.js';
import { AcceptedUrls } from './pipeline/acceptedUrls.js';
import { CommandGuard } from './pipeline/commandGuard.js';
import { Pipeline } from './pipeline/pipeline.js';
import { RateLimits } from './pipeline/rateLimits.js';
import { UserWork } from './pipeline/userWork.js';
import { OutgoingGuard } from './outgoing/index.js';
import { createOutgoingDeps } from './outgoingDeps.js';
import { createProviders } from './push/index.js';
import { toPushSettings } from './pushConfig.js';
import { MediaPool } from './media/index.js';
import { HttpScanner } from './media/scanner.js';
import { joinRedis, type RedisCluster } from './redis/index.js';
import { findSecret } from './secret.js';
import { ServiceEvents } from './services/events.js';
import { createFoundations } from './services/foundations.js';
import { createServices, type ServiceDeps, type Services } from './services/index.js';
import { MemoryWindowCache, NoWindowCache } from './services/messages/index.js';
import type { ObjectStore } from './services/objectStore.js';
import type { Cluster, WindowCache } from './services/ports.js';
import { TokenIssuer, TokenVerifier, type TokenKeys } from './services/users/index.js';
import { shutDown } from './shutdown.js';
import { BackPressure, Sessions } from './socket/connection/index.js';
import { createDelivery, type Delivery } from './socket/delivery/index.js';
import { createSocketServer } from './socket/index.js';
import type { ChatServer } from './socket/types.js';
import { mountStreams } from './streams/index.js';
import { subscribe } from './subscriptions.js';
import { checkStorage, openStorage, type Storage } from './storage/index.js';
import type { Logger } from './utils/logger.js';
import { createMetrics, type Metrics } from './utils/metrics.js';
import { isPublicUrl } from './utils/publicUrl.js';
import { readVersion } from './utils/readVersion.js';
import { ThrottledLog } from './utils/throttledLog.js';

export interface App {
  http: Server;
  io: ChatServer;
  /** Port that the server listens on. */
  port: number;
  metrics: Metrics;
  models: Models;
  services: Services;
  /**
   * Shuts down: refuses new commands, finishes and answers the accepted ones, writes pending state, notifies clients
   * and closes all connections. Idempotent.
   */
  close(): Promise<void>;
}

/** Options of a worker (`cluster/runWorker.ts`). A server with a single process needs none. */
export interface AppOptions {
  /** Broker between the workers of this machine, for live delivery and presence. Used only without Redis. */
  cluster?: Cluster;
  /** Returns the metrics of all workers in the Prometheus text format. Default: the metrics of this process. */
  renderMetrics?: () => Promise<string>;
  /** Called when the database was restored from a backup. The server must be restarted in a new process. */
  onRestored?: () => void;
  /** Called when all entry points have their listeners, before the server accepts connections. */
  beforeListening?: (servers: { http: Server; io: ChatServer }) => void;
}

/** The checkout, or the folder of the image. The way to it differs between sources and build. */
const ROOT = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url);
const pathOf = (file: string): string => fileURLToPath(new URL(file, ROOT));

/** Composition root: builds the server and starts to listen when recovery has finished. */
export async function createApp(config: Config, logger: Logger, options: AppOptions = {}): Promise<App> {
  const database = await connectDatabase(config);
  try {
    return await assemble({ config, logger, database, options });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface BaseDeps {
  config: Config;
  logger: Logger;
  database: Database;
  options: AppOptions;
}

/** Builds the layers bottom up. Lower layers notify higher ones by events. */
async function assemble({ config, logger, database, options }: BaseDeps): Promise<App> {
  const models = createModels(database.connection, { historyFrom: config.HISTORY_READ_PREFERENCE });
  const metrics = createMetrics();
  const outgoing = new OutgoingGuard(config.OUTGOING_ALLOW_PRIVATE);
  const log = new ThrottledLog(logger);
  const base = { config, logger, log, metrics, models, database, outgoing };
  observeCommands(database.connection, metrics);
  const [storage, redis] = await openComponents(base);
  // Redis is preferred: it connects the workers of this machine and those of other machines.
  const cluster = redis ?? options.cluster;
  const events = new ServiceEvents();
  events.on('restored', () => options.onRestored?.());
  const foundations = createFoundations({
    ...base,
    ownWrites: createOwnWrites(database.connection),
    events,
  });
  // The listener must exist before Socket.IO wraps it. One added later would also answer Socket.IO's polling requests.
  let answer: RequestListener = () => undefined;
  const http = createHttpServer((request, response) => answer(request, response));
  const rateLimits = createRateLimits(base, redis);
  const sockets = createSockets({ ...base, http, rateLimits });
  const delivery = createDelivery({ ...base, ...sockets, foundations, bus: cluster?.bus });
  const services = createServices({
    ...base,
    foundations,
    events,
    publisher: delivery.publisher,
    epochMemory: createEpochFile(config.DATA_DIR, config.DATABASE_NAME),
    consumeStrangerQuota: (adder, count) => rateLimits.takeSome('addStranger', adder, count),
    presenceStore: cluster?.presence,
    windows: findWindows(config, redis),
    limits: toLimits(config),
    ...createOutgoingDeps(config, outgoing),
    ...createFileDeps(config, { store: storage.store, logger, outgoing }),
    pushProviders: createProviders(config.PUSH_CREDENTIALS, outgoing),
    pushSettings: toPushSettings(config),
  });
  subscribe({ ...base, ...sockets, events, foundations, services, delivery });
  await services.start();
  await delivery.clusterPublisher?.start();
  const commandGuard = createCommandGuard(config, services);
  const parts = { http, rateLimits, delivery, services, commandGuard, cluster, storage };
  const assembled = { ...base, ...sockets, ...parts, options };
  answer = await openEntryPoints(assembled);
  sockets.sessions.start();
  options.beforeListening?.({ http, io: sockets.io });
  const port = await listen(http, config);
  const close = once(() => shutDown({ ...assembled, timeoutMs: config.SHUTDOWN_TIMEOUT_MS }));
  return { http, io: sockets.io, port, metrics, models, services, close };
}

/** Makes the indexes, checks the object store and connects to Redis. */
async function openComponents({
  config,
  models,
  metrics,
  logger,
}: Pick<AssembledDeps, 'config' | 'metrics' | 'logger'> & { models: Models }): Promise<
  [Storage, RedisCluster | undefined]
> {
  const storage = await openStorage(config);
  await Promise.all([ensureIndexes(models, logger), checkStorage(storage.store, config, logger)]);
  return [storage, await findRedis(config, { metrics, logger })];
}

const findRedis = async (
  { REDIS_URL: url, DATABASE_NAME: databaseName }: Config,
  deps: { metrics: Metrics; logger: Logger },
): Promise<RedisCluster | undefined> =>
  url === undefined ? undefined : joinRedis(url, { databaseName, ...deps });

const findWindows = ({ MESSAGE_CACHE }: Config, redis: RedisCluster | undefined): WindowCache =>
  MESSAGE_CACHE === 'off' ? new NoWindowCache() : (redis?.windows ?? new MemoryWindowCache());

const createRateLimits = (
  { config, metrics, logger }: { config: Config; metrics: Metrics; logger: Logger },
  redis: RedisCluster | undefined,
): RateLimits =>
  new RateLimits({
    rules: config.RATE_LIMITS,
    redis: redis?.redis.commands,
    namespace: config.DATABASE_NAME,
    metrics,
    logger,
  });

const createCommandGuard = (config: Config, { users }: Services): CommandGuard =>
  new CommandGuard({
    users,
    userWork: new UserWork({
      maxUnderWay: config.MAX_COMMANDS_PER_USER,
      maxRunning: config.MAX_COMMANDS_RUNNING_PER_USER,
    }),
    maxUnderWay: config.MAX_COMMANDS_UNDER_WAY,
    answerWithinMs: config.COMMAND_TIMEOUT_MS,
  });

const toLimits = (config: Config): ServiceDeps['limits'] => ({
  maxBatch: config.COMMIT_MAX_BATCH,
  maxWaiting: config.COMMIT_MAX_WAITING,
  maxWaitingPerUser: config.COMMIT_MAX_WAITING_PER_USER,
  sendTimeoutMs: config.SEND_TIMEOUT_MS,
  presenceGraceMs: config.PRESENCE_GRACE_MS,
  receiptWindows: { smallMs: config.RECEIPT_WINDOW_MS, largeMs: config.RECEIPT_WINDOW_LARGE_MS },
  verifyIntervalMs: config.VERIFY_INTERVAL_MS,
  windowsOfChange: { editMs: config.EDIT_WINDOW_MS, deleteMs: config.DELETE_WINDOW_MS },
});

/** Creates everything that services need to check and store files. */
const createFileDeps = (
  config: Config,
  { store, logger, outgoing }: { store: ObjectStore; logger: Logger; outgoing: OutgoingGuard },
): Pick<ServiceDeps, 'store' | 'media' | 'scanner' | 'attachmentLimits'> => ({
  store,
  media: new MediaPool({
    settings: { maxSide: config.IMAGE_MAX_SIDE, quality: config.IMAGE_QUALITY },
    workers: config.MEDIA_WORKERS,
    timeoutMs: config.MEDIA_TIMEOUT_MS,
    logger,
  }),
  scanner:
    config.SCAN_URL === undefined
      ? undefined
      : new HttpScanner(outgoing, config.SCAN_URL, config.SCAN_TIMEOUT_MS),
  attachmentLimits: {
    maxBytes: config.ATTACHMENT_MAX_BYTES,
    maxPending: config.ATTACHMENTS_PENDING,
    maxFilesPerDay: config.ATTACHMENTS_PER_DAY,
    maxBytesPerDay: config.ATTACHMENT_BYTES_PER_DAY,
  },
});

/** Creates the socket server, and the sessions and back-pressure of its connections. */
function createSockets({
  config,
  log,
  metrics,
  http,
  rateLimits,
}: Pick<AssembledDeps, 'config' | 'log' | 'metrics' | 'http' | 'rateLimits'>) {
  const io = createSocketServer(http, { config, rateLimits, log });
  const maxWaitingBytes = config.SOCKET_MAX_WAITING_BYTES;
  return {
    io,
    backPressure: new BackPressure({ io, metrics, log, maxWaitingBytes }),
    sessions: new Sessions({ io, maxSocketsPerUser: config.MAX_SOCKETS_PER_USER }),
  };
}

interface AssembledDeps extends BaseDeps {
  /** Throttled logger, for log lines that clients can trigger. */
  log: ThrottledLog;
  metrics: Metrics;
  http: Server;
  io: ChatServer;
  services: Services;
  sessions: Sessions;
  commandGuard: CommandGuard;
  rateLimits: RateLimits;
  backPressure: BackPressure;
  cluster: Cluster | undefined;
  delivery: Delivery;
  storage: Storage;
  outgoing: OutgoingGuard;
}

/** Creates both entry points, HTTP and sockets, with one pipeline. @returns the listener for HTTP requests. */
async function openEntryPoints(deps: AssembledDeps): Promise<RequestListener> {
  const { config, database, options, metrics, services, commandGuard, cluster } = deps;
  const secret = await findSecret(config);
  if (config.DEMO) await ensureDemoUsers(services.users);
  const urls = new AcceptedUrls(config.PRIVATE_URLS, config.EXTERNAL_ATTACHMENTS);
  const pipeline = new Pipeline({ ...deps, urls, redirects: services.redirects });
  const commands = createCommands(services);
  const keys = toTokenKeys(config, secret);
  const entryDeps = { ...deps, urls, pipeline, commands, tokens: new TokenVerifier(keys) };
  acceptConnections({ ...entryDeps, watchedConversations: deps.delivery.watchedConversations });
  return createHttpApp({
    ...services,
    ...entryDeps,
    serverCommands: createServerCommands({
      services,
      tokenIssuer: new TokenIssuer(keys),
      runAs: createRunAs({ pipeline, commands }),
    }),
    mountStreams: (router) => mountStreams({ ...services, ...entryDeps }, router),
    webAppDir: pathOf('dist/app'),
    documents: {
      version: await readVersion(pathOf('package.json')),
      docsDir: pathOf('backend/apiDocs'),
      redocFile: pathOf('node_modules/redoc/bundles/redoc.standalone.js'),
    },
    ...deps.storage,
    trustedProxies: config.TRUST_PROXY,
    demo: config.DEMO ? toDemoOptions(config, secret) : undefined,
    renderMetrics: options.renderMetrics ?? (() => metrics.registry.metrics()),
    checks: {
      needed: {
        database: () => database.isReachable(),
        writer: () => Promise.resolve(services.isWriting()),
        accepting: () => Promise.resolve(!commandGuard.isDraining),
      },
      useful: cluster === undefined ? {} : { bus: () => Promise.resolve(cluster.bus.isUp) },
    },
  });
}

const toDemoOptions = (config: Config, secret: string): HttpDeps['demo'] => ({
  secret,
  audience: config.JWT_AUDIENCE,
  issuer: config.JWT_ISSUER,
  hasChats: config.DEMO_CHATS,
});

const toTokenKeys = (config: Config, secret: string): TokenKeys => ({
  algorithms: config.JWT_ALGORITHMS,
  secret,
  publicKey: config.JWT_PUBLIC_KEY,
  audience: config.JWT_AUDIENCE,
  issuer: config.JWT_ISSUER,
  leewayMs: config.JWT_LEEWAY_MS,
  acceptsUrl: (url) => config.PRIVATE_URLS || isPublicUrl(url),
});

/**
 * Maximum number of connections that wait in the kernel until they are accepted (the kernel may have a lower limit).
 * Node's default is 511. When thousands of clients reconnect at once, the kernel drops the others, and they retry
 * after 1, 3, 7 and 15 seconds.
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

/** Runs `work` at the first call. Every call returns the promise of that run. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= work());
}
