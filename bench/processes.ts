import { readdirSync, readFileSync } from 'node:fs';
import type { CpuShare } from './results.js';

/** CPU time unit of /proc: kernel ticks per second, the same on all current Linux systems. */
const TICKS_PER_SECOND = 100;

interface ProcessInfo {
  pid: number;
  parent: number;
  program: string;
  cpuTicks: number;
}

/** Returns all processes of the machine; empty without /proc. */
function listProcesses(): Map<number, ProcessInfo> {
  const processes = new Map<number, ProcessInfo>();
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return processes;
  }
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const close = stat.lastIndexOf(')');
      const fields = stat.slice(close + 2).split(' ');
      const pid = Number(name);
      processes.set(pid, {
        pid,
        program: stat.slice(stat.indexOf('(') + 1, close),
        parent: Number(fields[1]),
        cpuTicks: Number(fields[11]) + Number(fields[12]),
      });
    } catch {
      // The process ended after the listing.
    }
  }
  return processes;
}

function isBelow(processes: Map<number, ProcessInfo>, pid: number, roots: ReadonlySet<number>): boolean {
  for (let at = processes.get(pid); at !== undefined; at = processes.get(at.parent)) {
    if (roots.has(at.pid)) return true;
  }
  return false;
}

/** Returns the processes whose command line contains this folder: those of an embedded database. */
export function findProcessesNaming(folder: string): number[] {
  return [...listProcesses().keys()].filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Returns these processes and all their descendants. */
export function findTree(roots: readonly number[]): number[] {
  const processes = listProcesses();
  const wanted = new Set(roots);
  return [...processes.keys()].filter((pid) => isBelow(processes, pid, wanted));
}

/** Returns the resident memory of processes and their descendants, in KB; undefined without /proc. */
export function residentKb(roots: readonly number[]): number | undefined {
  let sum: number | undefined;
  for (const pid of findTree(roots)) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      sum = (sum ?? 0) + Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    } catch {
      // The process ended after the listing.
    }
  }
  return sum;
}

/** Returns the limit of open files and connections of a process; undefined without /proc. */
export function readOpenFileLimit(pid: number): number | undefined {
  try {
    const found = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
    return found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
  } catch {
    return undefined;
  }
}

const roundToTenth = (value: number): number => Math.round(value * 10) / 10;

/** Measures the CPU time of process trees, from its creation to `read`. */
export class CpuMeter {
  private readonly before = listProcesses();
  private readonly startedAt = performance.now();

  constructor(private readonly groups: Record<string, readonly number[]>) {}

  read(): CpuShare[] {
    const seconds = (performance.now() - this.startedAt) / 1_000;
    const now = listProcesses();
    if (now.size === 0) return [];
    const shares: CpuShare[] = [];
    for (const [group, pids] of Object.entries(this.groups)) {
      const roots = new Set(pids);
      const programs: Record<string, number> = {};
      const each: number[] = [];
      for (const { pid, program, cpuTicks } of now.values()) {
        if (!isBelow(now, pid, roots)) continue;
        const used = cpuTicks - (this.before.get(pid)?.cpuTicks ?? 0);
        const share = (used / TICKS_PER_SECOND / seconds) * 100;
        programs[program] = (programs[program] ?? 0) + share;
        each.push(roundToTenth(share));
      }
      const rounded = Object.entries(programs)
        .map(([program, percent]) => [program, roundToTenth(percent)] as const)
        .filter(([, percent]) => percent > 0);
      const percent = roundToTenth(rounded.reduce((sum, [, one]) => sum + one, 0));
      const processes = each.filter((one) => one > 0).sort((one, other) => other - one);
      const busiest = processes[0] ?? 0;
      shares.push({ group, percent, programs: Object.fromEntries(rounded), busiest, processes });
    }
    return shares;
  }
}
