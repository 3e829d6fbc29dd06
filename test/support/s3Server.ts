import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './freePort.js';
import { until } from './until.js';

const cache =
  process.env['PARLEY_CACHE_DIR'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley');
const PROGRAM = process.env['VERSITYGW_PATH'] ?? join(cache, 'versitygw-v1.8.0/versitygw');

/** False where no S3-compatible server can be built: tests that need one are left out. */
export const hasS3Server = existsSync(PROGRAM);

export const S3_KEYS = { accessKeyId: 'parley-test', secretAccessKey: 'parley-test-secret' } as const;

/** An S3-compatible server (versitygw) on a free port, with one bucket. Use with `await using`. */
export class S3Server implements AsyncDisposable {
  readonly bucket = 'parley';
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly folder: string,
  ) {}

  static async start(): Promise<S3Server> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-s3-'));
    const server = new S3Server(await findFreePort(), folder);
    await mkdir(join(folder, server.bucket));
    await server.resume();
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Environment of a chat server that uses it. */
  get env(): Record<string, string> {
    return {
      STORAGE: 's3',
      S3_ENDPOINT: this.endpoint,
      S3_REGION: 'us-east-1',
      S3_BUCKET: this.bucket,
      S3_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
      S3_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
    };
  }

  /** Ends the process; what it has stored stays. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts it again, on the same port and folder. */
  async resume(): Promise<void> {
    let failure: Error | undefined;
    this.#child = spawn(
      PROGRAM,
      [
        '--port',
        `127.0.0.1:${this.port}`,
        '--health',
        '/health',
        '--keep-alive',
        '--quiet',
        'posix',
        this.folder,
      ],
      {
        env: { ROOT_ACCESS_KEY: S3_KEYS.accessKeyId, ROOT_SECRET_KEY: S3_KEYS.secretAccessKey },
        stdio: 'ignore',
      },
    ).on('error', (error) => (failure = error));
    await until(
      async () => {
        if (failure !== undefined) throw failure;
        return fetch(`${this.endpoint}/health`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      { what: 'the S3-compatible server' },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
