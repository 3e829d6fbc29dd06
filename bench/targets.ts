import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, type Child } from './children.js';
import type { Database } from './database.js';
import type { Server } from './load/commands.js';
import { findFreePort, waitUntilReady } from './ports.js';
import { findTree } from './processes.js';
import { startRedis, type RedisProcess } from './redis.js';
import { hasRedis, isAdapter, isBefore, isStoring, type Target } from './results.js';

/** Worker processes of the target `workers`, and servers of the target `redis`. */
const PROCESSES = 2;

/** The system under test: one server process, or several with a Redis. */
export interface Subject {
  target: Target;
  server: Server;
  databaseName: string;
  /** Process ids of the servers, without their children. They change with a restart. */
  pids: () => number[];
  /** Process trees by name, for counting CPU. */
  groups: () => Record<string, readonly number[]>;
  redis: RedisProcess | undefined;
  /** Errors that the processes reported without ending. */
  warnings: () => readonly string[];
  /** Ends every server process with this signal and starts it again on its port, with the same database. */
  restart: (signal: NodeJS.Signals, env?: Record<string, string>) => Promise<void>;
  stop: () => Promise<void>;
}

export interface SubjectOptions {
  folder: string;
  profileFolder?: string | undefined;
  /** Entry point of the server. */
  entry: string;
  /** Entry point of the build to compare with. */
  before?: string | undefined;
}

/** Processes of a subject, and the function that starts one of them again. */
interface Parts {
  target: Target;
  databaseName: string;
  secret: string | undefined;
  redis: RedisProcess | undefined;
  ports: number[];
  start: (port: number, env: Record<string, string>) => Child;
}

/** Settings that disable limits which many test users on one machine would reach. Limits are not measured. */
const WITHOUT_LIMITS = {
  RATE_LIMITS: 'off',
  MAX_COMMANDS_PER_SOCKET: '10000',
  MAX_COMMANDS_PER_USER: '20000',
  MAX_SOCKETS_PER_USER: '1000',
  COMMIT_MAX_WAITING_PER_USER: '10000',
  ATTACHMENTS_PENDING: '1000',
  ATTACHMENTS_PER_DAY: '1000000',
  ATTACHMENT_BYTES_PER_DAY: '1000000000000',
};

const OF_TARGET: Partial<Record<Target, Record<string, string>>> = {
  unbatched: { COMMIT_MAX_BATCH: '1' },
  uncached: { MESSAGE_CACHE: 'off' },
  workers: { WORKERS: String(PROCESSES) },
};

async function assemble(parts: Parts): Promise<Subject> {
  const { target, databaseName, secret, redis, ports } = parts;
  const warnings: string[] = [];
  const children = new Map<number, Child>();
  const startOn = async (port: number, env: Record<string, string> = {}): Promise<void> => {
    const child = parts.start(port, env);
    children.set(port, child);
    child.process.on('message', (warning) => {
      if (typeof warning === 'string') warnings.push(warning);
    });
    await waitUntilReady(child, port);
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map((child) => child.stop()));
    await redis?.stop();
  };
  const pids = (): number[] => [...children.values()].map(({ pid }) => pid);
  try {
    // Sequentially: the first server creates the indexes.
    for (const port of ports) await startOn(port);
    if (target === 'workers') requireWorkers(pids());
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    target,
    databaseName,
    redis,
    pids,
    stop,
    server: { ports, secret },
    warnings: () => warnings,
    groups: () => ({
      ...(ports.length === 1
        ? { server: pids() }
        : Object.fromEntries(pids().map((pid, index) => [`server ${index + 1}`, [pid]]))),
      ...(redis !== undefined && { redis: [redis.pid] }),
    }),
    restart: async (signal, env) => {
      await Promise.all([...children.values()].map((child) => child.end(signal)));
      for (const port of ports) await startOn(port, env);
    },
  };
}

/** Checks the number of workers: a server that ignores the setting would be measured under a wrong name. */
function requireWorkers(pids: number[]): void {
  const workers = findTree(pids).length - pids.length;
  if (workers !== PROCESSES) throw new Error(`WORKERS=${PROCESSES} gave ${workers} worker processes.`);
}

const findPorts = (count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, findFreePort));

/** Starts the bare relay: one process, or two connected by an adapter. */
async function startRelay(target: Target, databaseName: string): Promise<Subject> {
  if (!isAdapter(target)) {
    const start = (port: number): Child =>
      startChild('./relay.js', { env: { PORT: String(port), NODE_ENV: 'production' } });
    const ports = await findPorts(1);
    return assemble({ target, databaseName, secret: undefined, redis: undefined, ports, start });
  }
  const redis = await startRedis();
  const start = (port: number, env: Record<string, string>): Child =>
    startChild('./adapters/node.js', {
      env: { PORT: String(port), NODE_ENV: 'production', REDIS_URL: redis.url, ADAPTER: target, ...env },
    });
  return assemble({ target, databaseName, secret: undefined, redis, ports: await findPorts(2), start });
}

/** Starts a target with its own database name, and waits until it is ready. */
export async function startSubject(
  target: Target,
  database: Database,
  options: SubjectOptions,
): Promise<Subject> {
  const databaseName = database.newName();
  if (!isStoring(target)) return startRelay(target, databaseName);
  const secret = randomBytes(32).toString('hex');
  const folder = join(options.folder, databaseName);
  mkdirSync(folder, { recursive: true });
  const redis = hasRedis(target) ? await startRedis() : undefined;
  const { profileFolder } = options;
  const profile = ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${profileFolder ?? ''}`];
  const start = (port: number, env: Record<string, string>): Child =>
    startChild((isBefore(target) ? options.before : undefined) ?? options.entry, {
      folder,
      env: {
        PORT: String(port),
        HOST: '127.0.0.1',
        MONGODB_URI: database.uri,
        DATABASE_NAME: databaseName,
        DATA_DIR: folder,
        JWT_SECRET: secret,
        LOG_LEVEL: 'warn',
        NODE_ENV: 'production',
        ...WITHOUT_LIMITS,
        ...(redis !== undefined && { REDIS_URL: redis.url }),
        ...OF_TARGET[target],
        ...env,
      },
      nodeOptions: profileFolder === undefined ? [] : profile,
    });
  const ports = await findPorts(hasRedis(target) ? PROCESSES : 1);
  return assemble({ target, databaseName, secret, redis, ports, start });
}
