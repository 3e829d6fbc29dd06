import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

const STOP_TIMEOUT_MS = 15_000;
const STDERR_KEPT = 4_000;

/** A child process of the benchmark. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly isRunning: boolean;
  /** Sends this signal. Resolves when the process has ended. */
  end: (signal: NodeJS.Signals) => Promise<void>;
  /** Sends SIGTERM, and SIGKILL when the process does not end in time. */
  stop: () => Promise<void>;
}

const running = new Set<Child>();

interface ChildOptions {
  env?: Record<string, string>;
  nodeOptions?: string[];
  folder?: string;
  args?: readonly string[];
  /** True when the process may end on its own; its end is not reported as an error then. */
  mayEnd?: boolean;
}

/** Starts a module in a child process. @param module relative to this folder, or an absolute path. */
export function startChild(module: string, options: ChildOptions = {}): Child {
  const path = isAbsolute(module) ? module : fileURLToPath(new URL(module, import.meta.url));
  const child = fork(path, options.args ?? [], {
    // Outside of the checkout, so that its .env is not read.
    cwd: options.folder ?? tmpdir(),
    execArgv: options.nodeOptions ?? [],
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  return watch(module, child, options.mayEnd);
}

/** Starts a program other than Node. */
export function startProgram(program: string, args: readonly string[]): Child {
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = spawn(program, args, { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.on('error', (error) => console.error(`${program} does not start: ${error.message}`));
  return watch(program, child);
}

/** Keeps the last output of the process, which is printed if it ends unexpectedly. */
function watch(name: string, child: ChildProcess, mayEnd = false): Child {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-STDERR_KEPT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  let stopping = mayEnd;
  child.once('exit', (code, signal) => {
    running.delete(handle);
    if (!stopping) console.error(`${name} ended unexpectedly (${signal ?? `code ${code ?? 0}`}).\n${output}`);
  });
  const isRunning = (): boolean =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    stopping = true;
    if (!isRunning()) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  const handle: Child = {
    pid: child.pid ?? 0,
    process: child,
    get isRunning() {
      return isRunning();
    },
    end,
    stop: async () => {
      await end('SIGTERM');
      if (output !== '' && process.env['BENCH_VERBOSE'] !== undefined) console.error(output);
    },
  };
  running.add(handle);
  return handle;
}

export async function stopAllChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}
