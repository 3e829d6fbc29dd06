import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  databaseDirOf,
  openEmbeddedDatabase,
  type EmbeddedDatabase,
} from '../../../tools/embedded-database/index.js';
import {
  identify,
  isRunning,
  listDescendants,
  signalProcess,
  type ProcessIdentity,
} from '../../../tools/embedded-database/processes.js';
import { readSupervisorFile } from '../../../tools/embedded-database/supervisorFile.js';
import { until } from '../../support/until.js';

/** Short: no user comes back to the folder. */
const LINGER_MS = 200;

/** A durable database server in a new data folder, which a test may kill. Use with `await using`. */
export class OwnDatabase implements AsyncDisposable {
  private constructor(
    readonly dataDir: string,
    readonly database: EmbeddedDatabase,
    readonly supervisor: ProcessIdentity,
  ) {}

  static async start(): Promise<OwnDatabase> {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-faults-'));
    const database = await openEmbeddedDatabase({ dataDir, durable: true, lingerMs: LINGER_MS });
    const file = await readSupervisorFile(databaseDirOf(dataDir));
    if (file === undefined) throw new Error('the folder has no supervisor');
    return new OwnDatabase(dataDir, database, identify(file.pid));
  }

  get uri(): string {
    return this.database.uri;
  }

  /** Kills all processes of the engine. The supervisor restarts it on the same port, at once or after `downMs`. */
  async kill({ downMs = 0 } = {}): Promise<void> {
    const engine = this.#engine();
    if (downMs > 0) signalProcess(this.supervisor, 'SIGSTOP');
    for (const one of engine) signalProcess(one, 'SIGKILL');
    await until(() => !engine.some(isRunning), { what: 'the end of the engine', everyMs: 5 });
    if (downMs > 0) setTimeout(() => signalProcess(this.supervisor, 'SIGCONT'), downMs);
  }

  /** Kills the process that stores, if another one answers the clients. @returns whether there is such a process. */
  killStorage(): boolean {
    const storage = this.#engine().find(({ pid }) => commandOf(pid).includes('/postgres -D'));
    if (storage !== undefined) signalProcess(storage, 'SIGKILL');
    return storage !== undefined;
  }

  /** Pauses all processes of the engine. */
  pause(): void {
    for (const one of this.#engine()) signalProcess(one, 'SIGSTOP');
  }

  resume(): void {
    for (const one of this.#engine()) signalProcess(one, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    signalProcess(this.supervisor, 'SIGCONT');
    await this.database.release();
    await until(() => !isRunning(this.supervisor), { what: 'the end of the supervisor' });
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }

  /** The supervisor's descendants at this moment. */
  #engine(): ProcessIdentity[] {
    return listDescendants(this.supervisor.pid).slice(1).map(identify);
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
