import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A process that can be distinguished from a later process with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Start time as the kernel counts it. Undefined on systems without `/proc`. */
  startedAt?: string | undefined;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startedAt: readStat(String(pid))?.startedAt };
}

/** True while this process runs. False for a zombie and for a later process with the same pid. */
export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (startedAt === undefined) return true;
  const stat = readStat(String(pid));
  return stat?.startedAt === startedAt && stat.state !== 'Z';
}

/** Sends a signal to this process, never to a later one with the same pid. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // The process ended between the check and the signal.
  }
}

/** Identifies the mount namespace of a process. Undefined when it has ended, and on systems without `/proc`. */
export function mountNamespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

/** Pids of all processes that see the mounts of this namespace, whoever is their parent. */
export const listInNamespace = (namespace: string): number[] =>
  listPids().filter((pid) => mountNamespaceOf(pid) === namespace);

const listPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Pids of a process and all its descendants, parents first. Only the process itself on systems without `/proc`. */
export function listDescendants(pid: number): number[] {
  let all: { pid: number; parent: number }[];
  try {
    all = listPids().map((pid) => ({ pid, parent: readStat(String(pid))?.parent ?? 0 }));
  } catch {
    return [pid];
  }
  const below = (parent: number): number[] => [
    parent,
    ...all.filter((one) => one.parent === parent).flatMap((one) => below(one.pid)),
  ];
  return below(pid);
}

function readStat(pid: string): { state: string; parent: number; startedAt: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]), startedAt: fields[19] };
  } catch {
    return undefined;
  }
}
