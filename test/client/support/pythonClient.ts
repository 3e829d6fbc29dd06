import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { machineEnv } from '../../support/machineEnv.js';
import { until } from '../../support/until.js';

const EXAMPLES = fileURLToPath(new URL('../../../docs/examples/', import.meta.url));
const DRIVER = fileURLToPath(new URL('driver.py', import.meta.url));

/** Python with the packages of the client; empty where it could not be set up (`scripts/lib/python.mjs`). */
export const PYTHON = process.env['PARLEY_PYTHON'] ?? '';

/** Starts a Python program of the examples, or one that imports them. Its errors are shown. */
export const startPython = (...args: string[]): ChildProcessByStdio<Writable, Readable, null> =>
  spawn(PYTHON, ['-u', '-B', ...args], {
    cwd: EXAMPLES,
    env: { ...machineEnv(), PYTHONPATH: EXAMPLES },
    stdio: ['pipe', 'pipe', 'inherit'],
  });

interface DriverState {
  connected: boolean;
  /** Number of new and edited messages that were pushed while `deaf`. */
  missed: number;
  /** Number of messages in the outbox. */
  waiting: number;
  /** Text of each held entry by `seq`. */
  texts: Record<string, string>;
}

/** The client of `docs/examples` in a process of its own. Use with `await using`. */
export class PythonClient implements AsyncDisposable {
  readonly #child: ReturnType<typeof startPython>;
  readonly #lines: Interface;

  /** @param outbox path of the file that keeps unsent messages */
  constructor(url: string, token: string, outbox: string) {
    this.#child = startPython(DRIVER, url, token, outbox);
    this.#lines = createInterface(this.#child.stdout);
  }

  async run(...command: (string | boolean)[]): Promise<DriverState> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    const [line] = (await answer) as [string];
    return JSON.parse(line) as DriverState;
  }

  /** Resolves when the client holds exactly these texts, in this order from `seq` 1. */
  async holds(conversationId: string, texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify(texts);
    await until(
      async () => JSON.stringify(Object.values((await this.run('held', conversationId)).texts)) === wanted,
      {
        what: `a Python client that holds ${wanted}`,
      },
    );
  }

  async reaches(fits: (state: DriverState) => boolean): Promise<void> {
    await until(async () => fits(await this.run('state')), { what: `a Python client with ${String(fits)}` });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
