import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { z } from 'zod';
import {
  databaseDirOf,
  openEmbeddedDatabase,
  type EmbeddedDatabase,
  type EmbeddedDatabaseOptions,
} from '../../tools/embedded-database/index.js';
import {
  identify,
  isRunning,
  listDescendants,
  type ProcessIdentity,
} from '../../tools/embedded-database/processes.js';
import { readSupervisorFile, type SupervisorFile } from '../../tools/embedded-database/supervisorFile.js';
import { until } from '../support/until.js';

export const { MongoClient } = mongoose.mongo;
export type Client = InstanceType<typeof MongoClient>;

const USER_PROGRAM = fileURLToPath(new URL('./databaseUser.mjs', import.meta.url));
const LINGER_MS = 200;

/** A temporary data folder. Disposing waits until nothing runs in it any more. Use with `await using`. */
export class DataFolder implements AsyncDisposable {
  readonly #open: EmbeddedDatabase[] = [];
  readonly #clients: Client[] = [];
  readonly #others: UserProcess[] = [];

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

  /** Opens the database from another process. */
  openElsewhere(env: Record<string, string> = {}): UserProcess {
    const other = new UserProcess(this.dataDir, env);
    this.#others.push(other);
    return other;
  }

  async supervisor(): Promise<SupervisorFile> {
    const file = await readSupervisorFile(databaseDirOf(this.dataDir));
    if (file === undefined) throw new Error('the folder has no supervisor');
    return file;
  }

  /** The supervisor and its descendants. */
  async processes(): Promise<ProcessIdentity[]> {
    const { pid } = await this.supervisor();
    return listDescendants(pid).map(identify);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#open.map((database) => database.release()));
    await Promise.all(this.#others.map((other) => other.kill()));
    const supervisor = await this.supervisor().catch(() => undefined);
    if (supervisor !== undefined) await untilGone([identify(supervisor.pid)]);
    // The engine may still be writing its last line.
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}

export const untilGone = (processes: readonly ProcessIdentity[]): Promise<boolean> =>
  until(() => !processes.some(isRunning), { timeoutMs: 20_000, what: 'the end of the processes' });

const answer = z.union([z.object({ uri: z.string(), engine: z.string() }), z.object({ error: z.string() })]);
type Answer = z.infer<typeof answer>;

/** A child process that opens the embedded database of a folder, and keeps it open until `release` or `kill`. */
export class UserProcess {
  readonly #child: ChildProcess;
  /** The address, or the error. */
  readonly opened: Promise<Answer>;

  constructor(dataDir: string, env: Record<string, string>) {
    this.#child = fork(USER_PROGRAM, [dataDir, String(LINGER_MS)], {
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

  /** Releases the database in the process, and waits until the process ends by itself. */
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
