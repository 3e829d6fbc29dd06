import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { makeToken } from '../../support/tokens.js';
import { until } from '../../support/until.js';
import type { HostCommands, HostReport, HostSetup, HostView } from './clientHost.js';
import { fileStorage } from './fileStorage.js';
import type { StorageStep } from './observedStorage.js';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Below `node_modules`, so that the bundle finds the packages that it does not contain. */
const CACHE = join(HERE, '../../../node_modules/.cache/parley');

let bundle: Promise<string> | undefined;

/** Bundles the host once per worker of the test runner. @returns the path of the program */
function bundleHost(): Promise<string> {
  bundle ??= (async () => {
    const outDir = join(CACHE, `client-host-${process.pid}`);
    await build({
      configFile: false,
      logLevel: 'error',
      publicDir: false,
      build: {
        ssr: join(HERE, 'clientHost.ts'),
        outDir,
        emptyOutDir: true,
        target: 'node20',
        rolldownOptions: { output: { entryFileNames: 'clientHost.mjs' } },
      },
    });
    process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
    return join(outDir, 'clientHost.mjs');
  })();
  return bundle;
}

export type ClientProcessOptions = Pick<HostSetup, 'url' | 'userId' | 'killAt' | 'clockOffByMs'> & {
  /** Storage of an earlier process of this device. */
  folder?: string;
};

/** The app of one user in a process of its own, which can be killed and started again. Use with `await using`. */
export class ClientProcess implements AsyncDisposable {
  /** Steps of its storage so far. */
  readonly steps: StorageStep[] = [];
  /** Ids of the messages that it has reported as safe on the device. */
  readonly persisted: string[] = [];
  readonly #waiting = new Map<number, (answer: { result?: unknown; error?: string }) => void>();
  #calls = 0;

  private constructor(
    readonly child: ChildProcess,
    readonly userId: string,
    readonly folder: string,
  ) {
    child.on('message', (report: HostReport) => this.#take(report));
    child.once('exit', () => {
      for (const answer of this.#waiting.values()) answer({ error: 'KILLED' });
      this.#waiting.clear();
    });
  }

  static async start({ folder, ...options }: ClientProcessOptions): Promise<ClientProcess> {
    const child = fork(await bundleHost(), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Without those of the test runner.
      execArgv: [],
    });
    const own = folder ?? (await mkdtemp(join(tmpdir(), 'parley-device-')));
    const one = new ClientProcess(child, options.userId, own);
    const setup: HostSetup = { ...options, folder: own, token: makeToken(options.userId) };
    const ready = new Promise<void>((resolve) => {
      child.on('message', (report: HostReport) => report.kind === 'ready' && resolve());
    });
    child.send(setup);
    await Promise.race([ready, once(child, 'exit')]);
    return one;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Runs a command. Rejects with the code of its failure, `KILLED` when the process ends meanwhile. */
  async do<Name extends keyof HostCommands>(
    name: Name,
    ...args: HostCommands[Name]['args']
  ): Promise<HostCommands[Name]['result']> {
    if (!this.isAlive) throw new Error('KILLED');
    this.#calls += 1;
    const id = this.#calls;
    const answered = new Promise<{ result?: unknown; error?: string }>((resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.child.send({ id, name, args }, () => undefined);
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return result as HostCommands[Name]['result'];
  }

  /** Polls until what the device shows fits. Rejects with `KILLED` when the process ends meanwhile. */
  async shows(conversationId: string, fits: (view: HostView) => boolean, what = 'a view'): Promise<HostView> {
    let last: HostView | undefined;
    const found = await until(
      async () => {
        if (!this.isAlive) return 'killed';
        last = await this.do('view', conversationId);
        return fits(last) ? last : undefined;
      },
      { what, everyMs: 10 },
    ).catch((cause: unknown) => {
      throw new Error(`${this.userId} shows ${JSON.stringify(last)}, not ${what}`, { cause });
    });
    if (found === 'killed') throw new Error('KILLED');
    return found;
  }

  /** Returns the outbox as it is on the disk: what the next process will find. */
  async storedOutbox(): Promise<string[]> {
    const area = await fileStorage(this.folder).open(this.userId);
    const entries = await area.readAll('outbox');
    await area.close();
    return entries.map(({ value }) => value);
  }

  async exited(): Promise<void> {
    if (this.isAlive) await once(this.child, 'exit');
  }

  /** Kills the process, as the system does with an app. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited();
  }

  /** Kills the process, and starts another one with the same storage. */
  async restart(options: Omit<ClientProcessOptions, 'userId' | 'folder'>): Promise<ClientProcess> {
    await this.kill();
    return ClientProcess.start({ ...options, userId: this.userId, folder: this.folder });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #take(report: HostReport): void {
    if (report.kind === 'step') this.steps.push(report.step);
    else if (report.kind === 'persisted') this.persisted.push(report.clientMessageId);
    else if (report.kind === 'answer') {
      this.#waiting.get(report.id)?.(report);
      this.#waiting.delete(report.id);
    }
  }
}
