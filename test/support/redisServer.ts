import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { findFreePort } from './freePort.js';
import { until } from './until.js';

const PROGRAM = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';
/** Ports that turned out to be taken between choosing and listening, before it is given up. */
const MAX_ATTEMPTS = 5;

/**
 * A Redis process on a free port, without persistence, which can be killed, paused, and restarted on the same port. Use
 * with `await using`.
 */
export class RedisServer implements AsyncDisposable {
  #child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(await findFreePort());
      try {
        await server.#spawn();
        return server;
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Sends SIGKILL. Resolves when the process has ended. Its data is lost. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Restarts it on the same port without data; kills it first if it is running. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#spawn();
  }

  /** Pauses the process: connections stay open, and nothing is answered until `resume`. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #spawn(): Promise<void> {
    const child = spawn(
      PROGRAM,
      ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      { cwd: tmpdir(), env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    let failure: Error | undefined;
    child.on('error', (error) => (failure = error));
    this.#child = child;
    await until(
      () => {
        if (failure !== undefined) return 'failed';
        if (child.exitCode !== null) return 'ended';
        return output.includes('Ready to accept connections') && 'ready';
      },
      { what: `${PROGRAM} on port ${this.port}` },
    );
    if (failure === undefined && child.exitCode === null) return;
    this.#child = undefined;
    throw new Error(`${PROGRAM} did not start (npm run setup installs it):\n${output}`, { cause: failure });
  }
}
