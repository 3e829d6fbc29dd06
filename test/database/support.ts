import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { z } from 'zod';
import {
  openEmbeddedDatabase,
  type EmbeddedDatabase,
  type EmbeddedDatabaseOptions,
} from '../../backend/src/database/embedded/index.js';
import {
  databaseDirOf,
  readKeeperFile,
  type KeeperFile,
} from '../../backend/src/database/embedded/keeperFile.js';
import {
  identify,
  isRunning,
  listDescendants,
  type ProcessIdentity,
} from '../../backend/src/database/embedded/processes.js';
import { until } from '../support/until.js';

export const { MongoClient } = mongoose.mongo;
export type Client = InstanceType<typeof MongoClient>;

const HOLDER = fileURLToPath(new URL('./holder.mjs', import.meta.url));
const LINGER_MS = 200;

/** A data folder of its own, with everything that runs in it gone at the end. Use with `await using`. */
export class DataFolder implements AsyncDisposable {
  readonly #open: EmbeddedDatabase[] = [];
  readonly #clients: Client[] = [];
  readonly #holders: Holder[] = [];

  private constructor(readonly dataDir: string) {}

  static async create(): Promise<DataFolder> {
    return new DataFolder(await mkdtemp(join(tmpdir(), 'parley-database-')));
  }

  async open(options: Partial<EmbeddedDatabaseOptions> = {}): Promise<EmbeddedDatabase> {
    const database = await openEmbeddedDatabase({
      ...{ dataDir: this.dataDir, durable: false, lingerMs: LINGER_MS },
      ...options,
    });
    this.#open.push(database);
    return database;
  }

  async connect(uri: string): Promise<Client> {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000, socketTimeoutMS: 5_000 });
    this.#clients.push(client);
    return client.connect();
  }

  /** A user in a process of its own. */
  hold(env: Record<string, string> = {}): Holder {
    const holder = new Holder(this.dataDir, env);
    this.#holders.push(holder);
    return holder;
  }

  async keeper(): Promise<KeeperFile> {
    const file = await readKeeperFile(databaseDirOf(this.dataDir));
    if (file === undefined) throw new Error('there is no keeper');
    return file;
  }

  /** The keeper and all that runs below it. */
  async processes(): Promise<ProcessIdentity[]> {
    const { pid } = await this.keeper();
    return listDescendants(pid).map(identify);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#open.map((database) => database.release()));
    await Promise.all(this.#holders.map((holder) => holder.kill()));
    const keeper = await this.keeper().catch(() => undefined);
    if (keeper !== undefined) await untilGone([identify(keeper.pid)]);
    // The keeper may still be writing its last line.
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}

export const untilGone = (processes: readonly ProcessIdentity[]): Promise<boolean> =>
  until(() => !processes.some(isRunning), { timeoutMs: 20_000, what: 'the end of the processes' });

const answer = z.union([z.object({ uri: z.string(), engine: z.string() }), z.object({ error: z.string() })]);
type Answer = z.infer<typeof answer>;

/** A child process that opens the embedded database of a folder and holds it. */
export class Holder {
  readonly #child: ChildProcess;
  /** What it got. */
  readonly opened: Promise<Answer>;

  constructor(dataDir: string, env: Record<string, string>) {
    this.#child = fork(HOLDER, [dataDir, String(LINGER_MS)], {
      env: { ...process.env, ...env },
      execArgv: [],
    });
    this.opened = once(this.#child, 'message').then(([message]: unknown[]) => answer.parse(message));
  }

  async uri(): Promise<string> {
    const opened = await this.opened;
    if ('error' in opened) throw new Error(opened.error);
    return opened.uri;
  }

  /** Tells it to release the database, and waits for it to end by itself. */
  async release(): Promise<void> {
    this.#child.send('release');
    await this.#ended();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended();
  }

  async #ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
