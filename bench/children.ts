import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

const STOP_TIMEOUT_MS = 15_000;
const STDERR_KEPT = 4_000;

/** A child process of the bench. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly isRunning: boolean;
  /** Ends it with this signal, and resolves when it is gone. */
  end: (signal: NodeJS.Signals) => Promise<void>;
  /** Asks it to end, waits, and kills it when it does not. */
  stop: () => Promise<void>;
}

const running = new Set<Child>();

interface ChildOptions {
  env?: Record<string, string>;
  nodeOptions?: string[];
  folder?: string;
  args?: readonly string[];
  /** It has an end of its own, about which nothing is said. */
  mayEnd?: boolean;
}

/** Starts a module in a process of its own, named from this folder or by a whole path. */
export function startChild(module: string, options: ChildOptions = {}): Child {
  const path = isAbsolute(module) ? module : fileURLToPath(new URL(module, import.meta.url));
  const child = fork(path, options.args ?? [], {
    // Away from the checkout, whose .env is not meant for what is measured.
    cwd: options.folder ?? tmpdir(),
    execArgv: options.nodeOptions ?? [],
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  return watch(module, child, options.mayEnd);
}

/** Starts another program than Node. */
export function startProgram(program: string, args: readonly string[]): Child {
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = spawn(program, args, { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.on('error', (error) => console.error(`${program} does not start: ${error.message}`));
  return watch(program, child);
}

/** Keeps what it prints, which is shown when it dies unasked. */
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
    if (!stopping) console.error(`${name} ended by itself (${signal ?? `code ${code ?? 0}`}).\n${output}`);
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
