import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../backend/src/utils/backoff.js';
import { startSupervisor, type StartedSupervisor } from './startSupervisor.js';
import { SupervisorConnection, type EngineOutcome } from './supervisorConnection.js';
import {
  OTHER_OWNER,
  readSupervisorFile,
  supervisorLogOf,
  type SupervisorOptions,
} from './supervisorFile.js';
import { thisMachine } from './supervisorLock.js';

type Ready = Extract<EngineOutcome, { state: 'ready' }>;

export interface DatabaseUserOptions extends Pick<SupervisorOptions, 'databaseDir' | 'durable' | 'lingerMs'> {
  onProgress: (line: string) => void;
  onMoved: (uri: string) => void;
}

const START_TIMEOUT_MS = 300_000;
/** Longer than the lock of a supervisor that died on another machine takes to become stale. */
const OTHER_MACHINE_MS = 15_000;
const POLL_MS = 50;
const REATTACH_FIRST_MS = 50;
const REATTACH_LONGEST_MS = 2_000;
const LOG_END_CHARS = 1_500;

/** One use of a data folder's database. Starts another supervisor when the current one dies. */
export class DatabaseUser {
  ready: Ready | undefined;
  readonly #options: DatabaseUserOptions;
  #connection: SupervisorConnection | undefined;
  #released = false;

  constructor(options: DatabaseUserOptions) {
    this.#options = options;
  }

  /** Attaches to the supervisor of the folder, and starts one if none answers. */
  async attach(): Promise<Ready> {
    const { databaseDir, onProgress } = this.#options;
    const startedMs = performance.now();
    const running = await this.#tryAttach();
    if (running !== undefined) return running;
    // Loaded only here: attaching to a running database should not cost the time and memory of the engines' modules.
    const { chooseEngine } = await import('./engine.js');
    const engine = await chooseEngine(databaseDir, onProgress);
    let supervisor: StartedSupervisor | undefined;
    do {
      const ready = await this.#tryAttach();
      if (ready !== undefined) return ready;
      const code = supervisor?.exitCode();
      if (code !== undefined && code !== OTHER_OWNER && code !== 0) break;
      // Starts the first supervisor, or another when the first exited in favour of an owner that has ended since.
      if (supervisor === undefined || code !== undefined) supervisor = startSupervisor(engine, this.#options);
      if (performance.now() > startedMs + OTHER_MACHINE_MS) await this.#refuseOtherMachine();
      await sleep(POLL_MS);
    } while (performance.now() < startedMs + START_TIMEOUT_MS && !this.#released);
    throw new Error(await describeFailure(databaseDir));
  }

  /** Ends the use. An attachment that completes later is closed again. */
  async release(): Promise<void> {
    this.#released = true;
    await this.#connection?.close();
  }

  /** @throws when the folder's supervisor runs on another machine, where it cannot be reached. */
  async #refuseOtherMachine(): Promise<void> {
    const { databaseDir } = this.#options;
    const file = await readSupervisorFile(databaseDir);
    if (file === undefined || file.machine === thisMachine()) return;
    throw new Error(`${databaseDir} is in use by another machine or container`);
  }

  async #tryAttach(): Promise<Ready | undefined> {
    const { databaseDir, durable } = this.#options;
    const file = await readSupervisorFile(databaseDir);
    const connection = file && (await SupervisorConnection.open(file));
    if (connection === undefined) return undefined;
    const outcome = await connection.outcome();
    if (outcome?.state === 'ready' && (outcome.durable || !durable) && !this.#released) {
      this.#keep(connection, outcome);
      return outcome;
    }
    await connection.close();
    if (outcome?.state === 'failed') throw new Error(await describeFailure(databaseDir));
    if (outcome?.state === 'ready' && !this.#released) {
      throw new Error('the database of this data folder runs without durability, for tests only');
    }
    return undefined;
  }

  #keep(connection: SupervisorConnection, ready: Ready): void {
    const { onProgress, onMoved } = this.#options;
    const before = this.ready?.uri;
    this.ready = ready;
    this.#connection = connection;
    connection.unref();
    void connection.closed().then(() => (this.#released ? undefined : this.#reattach()));
    if (before !== undefined && before !== ready.uri) {
      onProgress(`the embedded database moved from ${before} to ${ready.uri}: its port was taken`);
      onMoved(ready.uri);
    }
  }

  /** Starts another supervisor after the death of the current one, until it succeeds or this use is released. */
  async #reattach(): Promise<void> {
    const { onProgress } = this.#options;
    const backoff = new Backoff(REATTACH_FIRST_MS, REATTACH_LONGEST_MS);
    onProgress('the supervisor of the embedded database died, starting another');
    while (!this.#released) {
      try {
        await this.attach();
        onProgress('the embedded database is back');
        return;
      } catch (error) {
        onProgress(`the embedded database is not back yet: ${String(error)}`);
        await sleep(backoff.next(), undefined, { ref: false });
      }
    }
  }
}

async function describeFailure(databaseDir: string): Promise<string> {
  const log = await readFile(supervisorLogOf(databaseDir), 'utf8').catch(() => '');
  return `The embedded database did not start. The end of ${supervisorLogOf(databaseDir)}:\n${log.slice(-LOG_END_CHARS)}`;
}
