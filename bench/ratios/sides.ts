import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import type { Database } from '../database.js';
import { CpuMeter } from '../processes.js';
import { startLoadGenerator, type LoadGenerator } from '../remote.js';
import { isStoring, type Target } from '../results.js';
import { startSubject, type Subject } from '../targets.js';

/** Parley, its build before a change, or the bare relay: one server with a load generator of its own. */
export interface Side {
  name: Extract<Target, 'parley' | 'before' | 'relay'>;
  subject: Subject;
  load: LoadGenerator;
}

export interface SideOptions {
  folder: string;
  entry: string;
  before: string | undefined;
  /** Folder for CPU profiles of the servers, if they are wanted. */
  profileFolder: string | undefined;
}

export async function startSide(
  name: Side['name'],
  database: Database,
  { folder: parent, profileFolder, ...options }: SideOptions,
): Promise<Side> {
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  const subject = await startSubject(name, database, {
    ...options,
    folder,
    profileFolder: profileFolder && join(profileFolder, name),
  });
  return {
    name,
    subject,
    load: startLoadGenerator(() => ({
      server: subject.pids(),
      ...(isStoring(name) && database.pids.length > 0 && { database: database.pids }),
    })),
  };
}

export async function stopSide({ load, subject }: Side): Promise<void> {
  await load.stop();
  await subject.stop();
}

/** Wall-clock time and CPU of a piece of work, in ms. */
export interface Cost {
  wallMs: number;
  serverMs: number;
  databaseMs: number;
}

/**
 * Runs work and measures the CPU of the server and of the database meanwhile. Only one side works at a time, so the
 * database's CPU is that side's.
 */
export async function measureCost<T>(
  { name, subject }: Side,
  database: Database,
  work: () => Promise<T>,
): Promise<{ result: T; cost: Cost }> {
  const meter = new CpuMeter({
    server: subject.pids(),
    ...(isStoring(name) && database.pids.length > 0 && { database: database.pids }),
  });
  const startedAt = performance.now();
  const result = await work();
  const wallMs = performance.now() - startedAt;
  const shares = meter.read();
  const cpuMs = (group: string): number =>
    ((shares.find((share) => share.group === group)?.percent ?? 0) / 100) * wallMs;
  return { result, cost: { wallMs, serverMs: cpuMs('server'), databaseMs: cpuMs('database') } };
}

/** CPU of a group of processes during the last measured time of a load, in ms per message. */
export function cpuPerMessage(
  { load }: Side,
  name: 'server' | 'database',
  { count, measureMs }: { count: number; measureMs: number },
): number {
  const share = load
    .cpu()
    .at(-1)
    ?.shares.find((one) => one.group === name);
  return ((share?.percent ?? 0) / 100) * (measureMs / Math.max(1, count));
}
