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

/** What is under test: one server process, or several, and the Redis between them. */
export interface Subject {
  target: Target;
  server: Server;
  databaseName: string;
  /** The server's processes, without their children. New after a restart. */
  pids: () => number[];
  /** Process trees by what they are, for counting CPU. */
  groups: () => Record<string, readonly number[]>;
  redis: RedisProcess | undefined;
  /** What went wrong inside without ending a process, as the processes told. */
  complaints: () => readonly string[];
  /** Ends every server process with this signal and starts it again on its port, with the same database. */
  restart: (signal: NodeJS.Signals, env?: Record<string, string>) => Promise<void>;
  stop: () => Promise<void>;
}

export interface SubjectOptions {
  folder: string;
  profileFolder?: string | undefined;
  /** The program of the server. */
  entry: string;
  /** That of the build to compare with. */
  before?: string | undefined;
}

/** The children that make a subject, and how to start one of them again. */
interface Parts {
  target: Target;
  databaseName: string;
  secret: string | undefined;
  redis: RedisProcess | undefined;
  ports: number[];
  start: (port: number, env: Record<string, string>) => Child;
}

/** Limits that one machine full of test users would meet, and that are not what is measured. */
const WITHOUT_LIMITS = {
  RATE_LIMITS: 'off',
  MAX_COMMANDS_PER_SOCKET: '10000',
  MAX_SOCKETS_PER_USER: '1000',
  COMMIT_MAX_WAITING_PER_USER: '10000',
};

const OF_TARGET: Partial<Record<Target, Record<string, string>>> = {
  unbatched: { COMMIT_MAX_BATCH: '1' },
  uncached: { MESSAGE_CACHE: 'off' },
  workers: { WORKERS: String(PROCESSES) },
};

async function assemble(parts: Parts): Promise<Subject> {
  const { target, databaseName, secret, redis, ports } = parts;
  const complaints: string[] = [];
  const children = new Map<number, Child>();
  const startOn = async (port: number, env: Record<string, string> = {}): Promise<void> => {
    const child = parts.start(port, env);
    children.set(port, child);
    child.process.on('message', (complaint) => {
      if (typeof complaint === 'string') complaints.push(complaint);
    });
    await waitUntilReady(child, port);
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map((child) => child.stop()));
    await redis?.stop();
  };
  const pids = (): number[] => [...children.values()].map(({ pid }) => pid);
  try {
    // One after the other: the first makes the indexes.
    for (const port of ports) await startOn(port);
    if (target === 'workers') requireWorkers(pids());
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ target, databaseName, redis, pids, stop },
    server: { ports, secret },
    complaints: () => complaints,
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

/** A server that does not know the setting would be measured as one process under a wrong name. */
function requireWorkers(pids: number[]): void {
  const workers = findTree(pids).length - pids.length;
  if (workers !== PROCESSES) throw new Error(`WORKERS=${PROCESSES} gave ${workers} worker processes.`);
}

const findPorts = (count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, findFreePort));

/** The bare relay: one process, or two joined by an adapter. */
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

/** Starts what is to be measured with a database name of its own, and waits until it is ready. */
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
