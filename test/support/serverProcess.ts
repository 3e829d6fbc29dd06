import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Api } from './api.js';
import { connectClient, type ConnectOptions, type TestClient } from './client.js';
import { machineEnv } from './machineEnv.js';
import { newDatabaseName, serverEnv, type ServerOptions } from './server.js';
import { makeToken } from './tokens.js';
import { until } from './until.js';

/** Entry point, found from both the sources and the build. */
const ENTRY = fileURLToPath(
  new URL(
    import.meta.url.includes('/dist/') ? '../../backend/src/index.js' : '../../dist/backend/src/index.js',
    import.meta.url,
  ),
);

/** A server in a separate process, which can be killed, paused, or run next to another one. Use with `await using`. */
export class ServerProcess implements AsyncDisposable {
  readonly output: string[] = [];

  private constructor(
    readonly child: ChildProcess,
    readonly databaseName: string,
    readonly dataDir: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.output.push(text));
    }
  }

  static async start(
    options: ServerOptions & { port?: number; nodeArgs?: string[]; entry?: string | undefined } = {},
  ): Promise<ServerProcess> {
    const databaseName = options.databaseName ?? newDatabaseName();
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-process-'));
    const env = {
      ...serverEnv({ ...options, databaseName }),
      LOG_LEVEL: 'info',
      DATA_DIR: dataDir,
      PORT: String(options.port ?? 0),
      ...options.env,
    };
    const child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.entry ?? ENTRY], {
      env: { ...machineEnv(), HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child, databaseName, dataDir);
    await server.#listening();
    return server;
  }

  get url(): string {
    const port = /listens on http:\/\/localhost:(\d+)/.exec(this.output.join(''))?.[1];
    if (port === undefined) throw new Error(`the server does not listen:\n${this.output.join('')}`);
    return `http://127.0.0.1:${port}`;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  api(userId: string): Api {
    return new Api(this.url, makeToken(userId));
  }

  connectAs(userId: string, options: Partial<ConnectOptions> = {}): Promise<TestClient> {
    return connectClient(this.url, userId, { token: makeToken(userId), ...options });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the exit code (null after a signal). */
  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGCONT');
    await this.kill();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async #listening(): Promise<void> {
    await until(
      () => {
        if (this.child.exitCode !== null) return 'exited';
        return this.output.join('').includes('listens on') && 'listening';
      },
      { what: 'a server process that listens' },
    );
    if (this.child.exitCode !== null) throw new Error(`the server did not start:\n${this.output.join('')}`);
  }
}
