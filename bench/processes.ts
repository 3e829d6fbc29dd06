import { readdirSync, readFileSync } from 'node:fs';
import type { CpuShare } from './results.js';

/** Kernel ticks of CPU time per second, as /proc counts them on every Linux of today. */
const TICKS_PER_SECOND = 100;

interface ProcessInfo {
  pid: number;
  parent: number;
  program: string;
  cpuTicks: number;
}

/** Every process of the machine; empty where there is no /proc. */
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
      // It ended between the listing and the look.
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

/** All processes whose environment or arguments name this folder: those of an embedded database. */
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

/** Resident memory of one process in KB; undefined where there is no /proc. */
export function residentKb(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}

/** Counts the CPU time of groups of processes (each a tree) between its making and `read`. */
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
      for (const { pid, program, cpuTicks } of now.values()) {
        if (!isBelow(now, pid, roots)) continue;
        const used = cpuTicks - (this.before.get(pid)?.cpuTicks ?? 0);
        programs[program] = (programs[program] ?? 0) + (used / TICKS_PER_SECOND / seconds) * 100;
      }
      const rounded = Object.entries(programs)
        .map(([program, percent]) => [program, Math.round(percent)] as const)
        .filter(([, percent]) => percent > 0);
      const percent = rounded.reduce((sum, [, one]) => sum + one, 0);
      shares.push({ group, percent, programs: Object.fromEntries(rounded) });
    }
    return shares;
  }
}
