import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedDatabase, type EmbeddedDatabase } from '../../../backend/src/database/embedded/index.js';
import { databaseDirOf, readKeeperFile } from '../../../backend/src/database/embedded/keeperFile.js';
import {
  identify,
  isRunning,
  listDescendants,
  signalProcess,
  type ProcessIdentity,
} from '../../../backend/src/database/embedded/processes.js';
import { until } from '../../support/until.js';

/** Short: nobody comes back to it. */
const LINGER_MS = 200;

/** A database server that a test may kill: durable, in a data folder of its own. Use with `await using`. */
export class OwnDatabase implements AsyncDisposable {
  private constructor(
    readonly dataDir: string,
    readonly database: EmbeddedDatabase,
    readonly keeper: ProcessIdentity,
  ) {}

  static async start(): Promise<OwnDatabase> {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-faults-'));
    const database = await openEmbeddedDatabase({ dataDir, durable: true, lingerMs: LINGER_MS });
    const file = await readKeeperFile(databaseDirOf(dataDir));
    if (file === undefined) throw new Error('there is no keeper');
    return new OwnDatabase(dataDir, database, identify(file.pid));
  }

  get uri(): string {
    return this.database.uri;
  }

  /** Kills everything that the engine consists of; its keeper starts it again on the same port, at once or after a while. */
  async kill({ downMs = 0 } = {}): Promise<void> {
    const engine = this.#engine();
    if (downMs > 0) signalProcess(this.keeper, 'SIGSTOP');
    for (const one of engine) signalProcess(one, 'SIGKILL');
    await until(() => !engine.some(isRunning), { what: 'the end of the engine', everyMs: 5 });
    if (downMs > 0) setTimeout(() => signalProcess(this.keeper, 'SIGCONT'), downMs);
  }

  /** Kills the part that stores, where another part answers the clients. @returns whether there is such a part. */
  killStorage(): boolean {
    const storage = this.#engine().find(({ pid }) => commandOf(pid).includes('/postgres -D'));
    if (storage !== undefined) signalProcess(storage, 'SIGKILL');
    return storage !== undefined;
  }

  /** Puts everything that the engine consists of to sleep. */
  pause(): void {
    for (const one of this.#engine()) signalProcess(one, 'SIGSTOP');
  }

  resume(): void {
    for (const one of this.#engine()) signalProcess(one, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    signalProcess(this.keeper, 'SIGCONT');
    await this.database.release();
    await until(() => !isRunning(this.keeper), { what: 'the end of the keeper', timeoutMs: 30_000 });
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }

  /** Everything below the keeper, as it is now. */
  #engine(): ProcessIdentity[] {
    return listDescendants(this.keeper.pid).slice(1).map(identify);
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
