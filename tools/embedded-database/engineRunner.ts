import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoInstance } from 'mongodb-memory-server';
import { Backoff } from '../../backend/src/utils/backoff.js';
import { childEnvironment } from './machine.js';
import { MONGOD_VERSION } from './mongodVersion.js';
import { identify, isRunning, listDescendants, signalProcess, type ProcessIdentity } from './processes.js';
import type { SupervisorFile, SupervisorOptions } from './supervisorFile.js';

/** Includes recovery after a crash, which may have to read a long log. */
const LAUNCH_TIMEOUT_MS = 300_000;
/** Attempts of the first start. Later restarts are attempted without limit. */
const START_ATTEMPTS = 3;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** An engine that was asked to stop is killed after this time. */
const STOP_WITHIN_MS = 15_000;
const PORT_WAIT_MS = 3_000;
const POLL_MS = 50;

const LAUNCHER = fileURLToPath(new URL('./launcher.js', import.meta.url));

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs the engine of a data folder. Restarts it on the same port when it dies without having been stopped. */
export class EngineRunner {
  #instance: MongoInstance | undefined;
  #stopping = false;
  port = 0;

  constructor(
    readonly options: SupervisorOptions,
    readonly onStarted: () => Promise<void>,
    readonly log: (line: string) => void,
  ) {}

  /** Chooses the wanted port if it is free, because users may still have its address; else any free port. */
  async choosePort(wanted: number | undefined): Promise<number> {
    this.port = await findPort(wanted);
    return this.port;
  }

  /** @throws when the engine does not start in `START_ATTEMPTS` attempts. */
  async start(): Promise<void> {
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#launch();
        return;
      } catch (error) {
        this.log(`the engine does not start: ${reasonOf(error)}`);
        if (attempt === START_ATTEMPTS || this.#stopping) throw error;
        await sleep(backoff.next());
        // The address was not announced yet, so the port may still change.
        await this.choosePort(this.port);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const processes = this.pids().map(identify);
    await this.#instance?.stop();
    await waitUntilGone(processes, STOP_WITHIN_MS);
  }

  /** Pids of the engine's processes. The first is the ancestor of the others. */
  pids(): number[] {
    const pid = this.#instance?.mongodProcess?.pid;
    return pid === undefined ? [] : listDescendants(pid);
  }

  async #launch(): Promise<void> {
    const { databaseDir, kind, binary, durable } = this.options;
    // Each kind has its own folder, because the formats differ.
    const dbPath = join(databaseDir, kind);
    await mkdir(dbPath, { recursive: true });
    const instance = await MongoInstance.create({
      instance: {
        port: this.port,
        dbPath,
        ip: '127.0.0.1',
        storageEngine: 'wiredTiger',
        launchTimeout: LAUNCH_TIMEOUT_MS,
        args: kind === 'ferretdb' && !durable ? ['--not-durable'] : [],
      },
      binary: { systemBinary: binary, version: MONGOD_VERSION },
      spawn: { env: childEnvironment({ PARLEY_NODE: process.execPath, PARLEY_LAUNCHER: LAUNCHER }) },
    });
    this.#instance = instance;
    const engine = instance.mongodProcess;
    if (engine?.exitCode !== null) throw new Error('it ended immediately after its start');
    engine.once('exit', () => {
      if (!this.#stopping) void this.#relaunch();
    });
    await this.onStarted();
  }

  async #relaunch(): Promise<void> {
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    this.log('the engine died, restarting it');
    while (!this.#stopping) {
      try {
        await this.#launch();
        this.log(`the engine runs again on port ${this.port}`);
        return;
      } catch (error) {
        this.log(`the engine does not start: ${reasonOf(error)}`);
        await sleep(backoff.next());
      }
    }
  }
}

/**
 * Ends the engine of an earlier supervisor. An engine ends by itself when its supervisor dies; this asks it to stop, and
 * kills it after `STOP_WITHIN_MS`. Both kinds of engine also refuse a data folder that another process has open.
 */
export async function endPreviousEngine(
  previous: SupervisorFile,
  log: (line: string) => void,
): Promise<void> {
  const [pid] = previous.enginePids;
  if (pid === undefined || previous.engineStartedAt === undefined) return;
  const engine: ProcessIdentity = { pid, startedAt: previous.engineStartedAt };
  if (!isRunning(engine)) return;
  log(`waiting for the end of an earlier supervisor's engine (process ${pid})`);
  signalProcess(engine, 'SIGTERM');
  await waitUntilGone([engine], STOP_WITHIN_MS);
  signalProcess(engine, 'SIGKILL');
}

async function waitUntilGone(processes: readonly ProcessIdentity[], timeoutMs: number): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (processes.some(isRunning) && performance.now() < endMs) await sleep(POLL_MS);
}

/** Returns the wanted port if it is free within `PORT_WAIT_MS`, else one that the system chooses. */
async function findPort(wanted: number | undefined): Promise<number> {
  const endMs = performance.now() + PORT_WAIT_MS;
  while (wanted !== undefined && performance.now() < endMs) {
    const port = await tryPort(wanted);
    if (port !== undefined) return port;
    await sleep(POLL_MS);
  }
  const port = await tryPort(0);
  if (port === undefined) throw new Error('no port is free');
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
