import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startChild } from '../children.js';
import type { Expected } from './shape.js';
import type { TaskPlan } from './tasks.js';

/** Entry point of `npm run data`. */
const ENTRY = fileURLToPath(new URL('../../scripts/data/index.js', import.meta.url));
const PEAK = new URL('./peak.js', import.meta.url).href;

/** Exit code of a stopped task. */
const STOPPED = 3;

const usageSchema = z.object({ peakKb: z.number(), cpuMs: z.number() });
const reportSchema = z.looseObject({ counts: z.record(z.string(), z.number()).optional() });

export interface TaskResult {
  task: string;
  per: TaskPlan['per'];
  size: number;
  /** Time from the start of the process to its end, in seconds. */
  seconds: number;
  perSecond: number;
  /** Peak resident memory of the process. */
  peakMb: number;
  /** CPU time of the task's own process, without the database. */
  cpuSeconds: number;
  counts: Record<string, number>;
  /** Differences from the expected result; empty when there are none. */
  wrong: string[];
}

/** Database and data folder of a task. */
export interface Location {
  uri: string;
  databaseName: string;
  folder: string;
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

/** Returns a number of the report. A verification report has its numbers next to the counts. */
function numberIn(report: z.infer<typeof reportSchema>, name: string): number {
  const value = report.counts?.[name] ?? report[name];
  return typeof value === 'number' ? value : 0;
}

/** Runs a task as a separate process. @throws when it ends without a report. */
export async function runTask(plan: TaskPlan, expected: Expected, location: Location): Promise<TaskResult> {
  const name = plan.label ?? plan.name;
  const files = join(location.folder, `${location.databaseName}-${name.replaceAll(/\W+/g, '-')}`);
  const startedAt = performance.now();
  const child = startChild(ENTRY, {
    folder: location.folder,
    args: [plan.name, ...(plan.args ?? []), '--json'],
    nodeOptions: ['--import', PEAK],
    mayEnd: true,
    env: {
      MONGODB_URI: location.uri,
      DATABASE_NAME: location.databaseName,
      DATA_DIR: location.folder,
      BENCH_USAGE_FILE: `${files}.usage.json`,
    },
  });
  let errors = '';
  child.process.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2_000);
  });
  const report = createWriteStream(`${files}.json`);
  child.process.stdout?.pipe(report);
  const [[code]] = await Promise.all([
    once(child.process, 'close') as Promise<[number | null]>,
    finished(report),
  ]);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (code === null || code === 2) throw new Error(`${name} ended with code ${String(code)}.\n${errors}`);
  const printed = reportSchema.parse(JSON.parse(readFileSync(`${files}.json`, 'utf8')));
  const { peakKb, cpuMs } = usageSchema.parse(JSON.parse(readFileSync(`${files}.usage.json`, 'utf8')));
  const wanted = Object.entries(plan.counts(expected));
  const wrong = wanted
    .filter(([count, value]) => numberIn(printed, count) !== value)
    .map(([count, value]) => `${count} ${numberIn(printed, count)} instead of ${value}`);
  // A stopped task has processed only as many as its report says.
  const size = code === STOPPED ? numberIn(printed, plan.per) : plan.size(expected);
  return {
    task: name,
    per: plan.per,
    size,
    counts: printed.counts ?? {},
    seconds: round(seconds, 1),
    perSecond: round(size / seconds),
    peakMb: round(peakKb / 1_024),
    cpuSeconds: round(cpuMs / 1_000, 1),
    wrong: code === plan.exitCode ? wrong : [`exit code ${code} instead of ${plan.exitCode}`, ...wrong],
  };
}
