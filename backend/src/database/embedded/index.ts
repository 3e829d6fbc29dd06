import { mkdir, readFile } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../utils/backoff.js';
import { chooseEngine, prepareEngine, type Engine } from './engine.js';
import { KeeperConnection, type KeeperNews } from './keeperConnection.js';
import { databaseDirOf, keeperLogOf, OTHER_OWNER, readKeeperFile, type KeeperOptions } from './keeperFile.js';
import { thisMachine } from './keeperLock.js';
import { startKeeper, type StartedKeeper } from './startKeeper.js';

export { EmbeddedDatabaseUnavailableError } from './errors.js';

export interface EmbeddedDatabaseOptions {
  dataDir: string;
  /** False only for tests: a killed machine may lose what was acknowledged. */
  durable?: boolean;
  /** A line for each slow step of an installation, and for a database that was lost and is back. */
  onProgress?: (line: string) => void;
  /** How long the database stays up after its last user has left, in ms. What its first user said counts. */
  lingerMs?: number;
}

export interface EmbeddedDatabase {
  /** Without a database name. Stays the same for as long as it is used, unless somebody takes its port meanwhile. */
  readonly uri: string;
  readonly engine: 'mongod' | 'ferretdb';
  /** Leaves; the last one out switches the database off. */
  release(): Promise<void>;
}

type Ready = Extract<KeeperNews, { state: 'ready' }>;
type Progress = (line: string) => void;

const DEFAULT_LINGER_MS = 3_000;
const START_TIMEOUT_MS = 300_000;
/** Longer than the lock of a keeper that died on another machine takes to become stale. */
const OTHER_MACHINE_MS = 15_000;
const POLL_MS = 50;
const REATTACH_FIRST_MS = 50;
const REATTACH_LONGEST_MS = 2_000;
const LOG_END_CHARS = 1_500;

/**
 * Opens the database of a data folder: attaches to the one that runs already, from whichever process, or starts it.
 *
 * @throws EmbeddedDatabaseUnavailableError when this machine has nothing to run; Error when it does not come up.
 */
export async function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const databaseDir = resolvePath(databaseDirOf(options.dataDir));
  await mkdir(databaseDir, { recursive: true });
  const user = new DatabaseUser(
    { databaseDir, durable: options.durable ?? true, lingerMs: options.lingerMs ?? DEFAULT_LINGER_MS },
    options.onProgress ?? (() => undefined),
  );
  const first = await user.attach();
  return {
    get uri() {
      return user.ready?.uri ?? first.uri;
    },
    engine: first.engine,
    release: () => user.release(),
  };
}

/** Installs or downloads whatever a new data folder would need, without starting it. */
export async function prepareEmbeddedDatabase(onProgress: Progress): Promise<Engine['kind']> {
  return (await prepareEngine(onProgress)).kind;
}

/** One user's hold on a data folder's keeper; starts another keeper when that one dies. */
class DatabaseUser {
  ready: Ready | undefined;
  #connection: KeeperConnection | undefined;
  #released = false;

  constructor(
    readonly options: Pick<KeeperOptions, 'databaseDir' | 'durable' | 'lingerMs'>,
    readonly onProgress: Progress,
  ) {}

  async attach(): Promise<Ready> {
    const { databaseDir } = this.options;
    const startedMs = performance.now();
    const running = await this.#tryAttach();
    if (running !== undefined) return running;
    const engine = await chooseEngine(databaseDir, this.onProgress);
    let keeper: StartedKeeper | undefined;
    do {
      const ready = await this.#tryAttach();
      if (ready !== undefined) return ready;
      const code = keeper?.exitCode();
      if (code !== undefined && code !== OTHER_OWNER && code !== 0) break;
      // The first one; or again, when the owner that it gave way to is gone meanwhile.
      if (keeper === undefined || code !== undefined) keeper = startKeeper(engine, this.options);
      if (performance.now() > startedMs + OTHER_MACHINE_MS) await this.#refuseOtherMachine();
      await sleep(POLL_MS);
    } while (performance.now() < startedMs + START_TIMEOUT_MS && !this.#released);
    throw new Error(await describeFailure(databaseDir));
  }

  /** Nothing that is under way keeps it: an attachment that comes through later is closed again. */
  async release(): Promise<void> {
    this.#released = true;
    await this.#connection?.close();
  }

  /** @throws when the folder has a keeper that lives where it cannot be reached from here. */
  async #refuseOtherMachine(): Promise<void> {
    const file = await readKeeperFile(this.options.databaseDir);
    if (file === undefined || file.machine === thisMachine()) return;
    throw new Error(`${this.options.databaseDir} is in use by another machine or container`);
  }

  async #tryAttach(): Promise<Ready | undefined> {
    const file = await readKeeperFile(this.options.databaseDir);
    const connection = file && (await KeeperConnection.open(file));
    if (connection === undefined) return undefined;
    const news = await connection.news();
    if (news?.state === 'ready' && (news.durable || !this.options.durable) && !this.#released) {
      this.#hold(connection, news);
      return news;
    }
    await connection.close();
    if (news?.state === 'failed') throw new Error(await describeFailure(this.options.databaseDir));
    if (news?.state === 'ready' && !this.#released) {
      throw new Error('the database of this data folder runs without durability, for tests only');
    }
    return undefined;
  }

  #hold(connection: KeeperConnection, ready: Ready): void {
    if (this.ready !== undefined && this.ready.uri !== ready.uri) {
      this.onProgress(`the embedded database had to move from ${this.ready.uri} to ${ready.uri}`);
    }
    this.ready = ready;
    this.#connection = connection;
    connection.unref();
    void connection.lost().then(() => (this.#released ? undefined : this.#reattach()));
  }

  /** The keeper is gone: somebody has to start another, for as long as this user is not done. */
  async #reattach(): Promise<void> {
    const backoff = new Backoff(REATTACH_FIRST_MS, REATTACH_LONGEST_MS);
    this.onProgress('the keeper of the embedded database is gone, starting another');
    while (!this.#released) {
      try {
        await this.attach();
        this.onProgress('the embedded database is back');
        return;
      } catch (error) {
        this.onProgress(`the embedded database does not come back yet: ${String(error)}`);
        await sleep(backoff.next(), undefined, { ref: false });
      }
    }
  }
}

async function describeFailure(databaseDir: string): Promise<string> {
  const log = await readFile(keeperLogOf(databaseDir), 'utf8').catch(() => '');
  return `The embedded database did not start. The end of ${keeperLogOf(databaseDir)}:\n${log.slice(-LOG_END_CHARS)}`;
}
