import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const STOP_TIMEOUT_MS = 15_000;
const STDERR_KEPT = 4_000;

/** A child process of the bench: Node running one of the modules beside this one. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Asks it to end, waits, and kills it when it does not. */
  stop: () => Promise<void>;
}

const running = new Set<Child>();

/** Starts a module in a process of its own. What it prints as an error is shown when it dies unasked. */
export function startChild(
  module: string,
  options: { env?: Record<string, string>; nodeOptions?: string[]; folder?: string } = {},
): Child {
  const path = fileURLToPath(new URL(module, import.meta.url));
  const child = fork(path, [], {
    // Away from the checkout, whose .env is not meant for what is measured.
    cwd: options.folder ?? tmpdir(),
    execArgv: options.nodeOptions ?? [],
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-STDERR_KEPT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  let stopping = false;
  child.once('exit', (code, signal) => {
    running.delete(handle);
    if (!stopping) console.error(`${module} ended by itself (${signal ?? `code ${code ?? 0}`}).\n${output}`);
  });
  const handle: Child = {
    pid: child.pid ?? 0,
    process: child,
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
      if (output !== '' && process.env['BENCH_VERBOSE'] !== undefined) console.error(output);
    },
  };
  running.add(handle);
  return handle;
}

export async function stopAllChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}
