import { readFileSync, readdirSync } from 'node:fs';

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the kernel's own count; absent where there is no /proc. */
  startedAt?: string | undefined;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startedAt: statOf(String(pid))?.startedAt };
}

/** Whether this very process still runs. A dead one that nobody has buried yet (a zombie) does not. */
export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (startedAt === undefined) return true;
  const stat = statOf(String(pid));
  return stat?.startedAt === startedAt && stat.state !== 'Z';
}

/** Signals this process, never a later one with its number. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between, which is what was wanted.
  }
}

/** A process and everything below it, from /proc; just the process where there is none. */
export function listDescendants(pid: number): number[] {
  let all: { pid: number; parent: number }[];
  try {
    all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ pid: Number(name), parent: statOf(name)?.parent ?? 0 }));
  } catch {
    return [pid];
  }
  const below = (parent: number): number[] => [
    parent,
    ...all.filter((one) => one.parent === parent).flatMap((one) => below(one.pid)),
  ];
  return below(pid);
}

function statOf(pid: string): { state: string; parent: number; startedAt: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]), startedAt: fields[19] };
  } catch {
    return undefined;
  }
}
