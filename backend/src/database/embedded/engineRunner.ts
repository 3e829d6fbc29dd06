import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoInstance } from 'mongodb-memory-server';
import { Backoff } from '../../utils/backoff.js';
import { childEnvironment } from './environment.js';
import type { KeeperFile, KeeperOptions } from './keeperFile.js';
import { MONGOD_VERSION } from './mongodVersion.js';
import { identify, isRunning, listDescendants, signalProcess, type ProcessIdentity } from './processes.js';

/** Recovery after a crash counts as starting, and may have a lot to read. */
const LAUNCH_TIMEOUT_MS = 300_000;
const FIRST_TRIES = 3;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** A predecessor's engine that was told to end is killed after this long. */
const TAKE_OVER_MS = 15_000;
const PORT_PATIENCE_MS = 3_000;
const POLL_MS = 50;

const LAUNCHER = fileURLToPath(new URL('./launcher.js', import.meta.url));

/** Runs the engine of a data folder and starts it again, on the same port, when it dies unasked. */
export class EngineRunner {
  #instance: MongoInstance | undefined;
  #stopping = false;
  port = 0;

  constructor(
    readonly options: KeeperOptions,
    readonly onStarted: () => Promise<void>,
    readonly log: (line: string) => void,
  ) {}

  /** Chooses the port: this one if it can be had, since users may still hold its address. */
  async choosePort(wanted: number | undefined): Promise<number> {
    this.port = await findPort(wanted);
    return this.port;
  }

  /** @throws when the engine does not come up. */
  async start(): Promise<void> {
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#launch();
        return;
      } catch (error) {
        this.log(`the engine does not come up: ${error instanceof Error ? error.message : String(error)}`);
        if (tries === FIRST_TRIES || this.#stopping) throw error;
        await sleep(backoff.next());
        // Nobody has been told the port yet.
        await this.choosePort(this.port);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const processes = this.pids().map(identify);
    await this.#instance?.stop();
    await waitUntilGone(processes, TAKE_OVER_MS);
  }

  /** The engine's processes, the first one being the parent of the others. */
  pids(): number[] {
    const pid = this.#instance?.mongodProcess?.pid;
    return pid === undefined ? [] : listDescendants(pid);
  }

  async #launch(): Promise<void> {
    const { databaseDir, kind, binary, durable } = this.options;
    // Each kind has a folder of its own: neither could read the other's.
    const dbPath = join(databaseDir, kind);
    await mkdir(dbPath, { recursive: true });
    const instance = await MongoInstance.create({
      instance: {
        ...{ port: this.port, dbPath, ip: '127.0.0.1', storageEngine: 'wiredTiger' },
        launchTimeout: LAUNCH_TIMEOUT_MS,
        args: kind === 'ferretdb' && !durable ? ['--forgetful'] : [],
      },
      binary: { systemBinary: binary, version: MONGOD_VERSION },
      spawn: { env: childEnvironment({ PARLEY_NODE: process.execPath, PARLEY_LAUNCHER: LAUNCHER }) },
    });
    this.#instance = instance;
    const engine = instance.mongodProcess;
    if (engine?.exitCode !== null) throw new Error('it ended as soon as it was up');
    engine.once('exit', () => {
      if (!this.#stopping) void this.#relaunch();
    });
    await this.onStarted();
  }

  async #relaunch(): Promise<void> {
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    this.log('the engine died, starting it again');
    while (!this.#stopping) {
      try {
        await this.#launch();
        this.log(`the engine is back on port ${this.port}`);
        return;
      } catch (error) {
        this.log(`the engine does not come up: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(backoff.next());
      }
    }
  }
}

/**
 * Sees to it that no engine of an earlier keeper is left. It ends by itself when its keeper dies; this hurries it, and
 * in the end makes it. (Both kinds of engine also refuse a data folder that another one has open.)
 */
export async function endPreviousEngine(previous: KeeperFile, log: (line: string) => void): Promise<void> {
  const [pid] = previous.enginePids;
  if (pid === undefined || previous.engineStartedAt === undefined) return;
  const engine: ProcessIdentity = { pid, startedAt: previous.engineStartedAt };
  if (!isRunning(engine)) return;
  log(`waiting for the engine ${pid} of an earlier keeper to end`);
  signalProcess(engine, 'SIGTERM');
  await waitUntilGone([engine], TAKE_OVER_MS);
  signalProcess(engine, 'SIGKILL');
}

async function waitUntilGone(processes: readonly ProcessIdentity[], timeoutMs: number): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (processes.some(isRunning) && performance.now() < endMs) await sleep(POLL_MS);
}

/** The wanted port, waited for a moment; else one that the system gives. */
async function findPort(wanted: number | undefined): Promise<number> {
  const endMs = performance.now() + PORT_PATIENCE_MS;
  while (wanted !== undefined && performance.now() < endMs) {
    const port = await tryPort(wanted);
    if (port !== undefined) return port;
    await sleep(POLL_MS);
  }
  const port = await tryPort(0);
  if (port === undefined) throw new Error('there is no free port');
  return port;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
