import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/until.js';

/** Root folder of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Returns an environment with only `PATH` and `HOME` of the machine's, which finding programs needs.
 * Other variables of the machine could change a test.
 */
export const bareEnv = (env: Record<string, string>): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  npm_config_update_notifier: 'false',
  ...env,
});

/** A program with all its descendants. Use with `await using`. */
export class ProgramRun implements AsyncDisposable {
  readonly #child: ChildProcess;
  output = '';
  /** True when the last process that held the output has ended. */
  isOver = false;

  constructor([program, ...args]: readonly [string, ...string[]], env: Record<string, string>) {
    this.#child = spawn(program, args, {
      cwd: ROOT,
      env: bareEnv(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.#child.once('close', () => (this.isOver = true));
  }

  /** Signals only the program, not its children. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the pattern was printed. @returns the match's first group. */
  async printed(pattern: RegExp): Promise<string> {
    return until(
      () => {
        const found = pattern.exec(this.output);
        if (found === null && this.isOver) throw new Error(`it has ended:\n${this.output}`);
        return found === null ? undefined : (found[1] ?? found[0]);
      },
      { timeoutMs: 120_000, what: `${String(pattern)} in the output` },
    );
  }

  async over(): Promise<void> {
    await until(() => this.isOver, { timeoutMs: 60_000, what: 'the end of all processes' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.#child;
    if (this.isOver || pid === undefined) return;
    // Kills the whole process group, which contains its children.
    process.kill(-pid, 'SIGKILL');
    await this.over();
  }
}

/** Returns whether a port is free. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
