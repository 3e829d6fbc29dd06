import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineEnv } from '../../support/machineEnv.js';
import { until } from '../../support/until.js';
import { bareEnv, ROOT } from '../../scripts/support/npmRun.js';

const LINKED = ['package.json', 'scripts', 'docs', 'node_modules'];

export interface Ran {
  code: number;
  lines: string[];
}

/** A shell in a temporary folder that looks like the checkout. Files that commands write there are removed with it. */
export class Shell implements AsyncDisposable {
  #output = '';
  #count = 0;

  private constructor(
    readonly folder: string,
    readonly child: ChildProcess,
  ) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stdin?.write('exec 2>&1\n');
  }

  static async open(env: Record<string, string>): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-docs-'));
    for (const name of LINKED) await symlink(join(ROOT, name), join(folder, name));
    const child = spawn('bash', ['--norc'], {
      cwd: folder,
      // npm's own lines are not what a page is about.
      env: bareEnv({ ...machineEnv(), npm_config_loglevel: 'silent', ...env }),
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    return new Shell(folder, child);
  }

  async run(command: string): Promise<Ran> {
    this.#count += 1;
    const end = `@@${this.#count}@@`;
    this.#output = '';
    this.child.stdin?.write(`{ ${command}\n} < /dev/null\nprintf '\\n%s%d\\n' '${end}' $?\n`);
    const pattern = new RegExp(`^([\\s\\S]*)\\n${end}(\\d+)\\n`);
    const [, printed = '', code] = await until(() => pattern.exec(this.#output), {
      timeoutMs: 120_000,
      what: `the end of ${command}`,
    });
    return { code: Number(code), lines: printed.split('\n') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, 'exit');
    if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true });
  }
}
