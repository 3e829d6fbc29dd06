import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startChild } from '../children.js';
import type { Expected } from './shape.js';
import type { TaskPlan } from './tasks.js';

/** The program of the tasks, as `npm run data` runs it. */
const ENTRY = fileURLToPath(new URL('../../scripts/data/index.js', import.meta.url));
const PEAK = new URL('./peak.js', import.meta.url).href;

/** Exit code of a task that was stopped. */
const STOPPED = 3;

const usageSchema = z.object({ peakKb: z.number(), cpuMs: z.number() });
const reportSchema = z.looseObject({ counts: z.record(z.string(), z.number()).optional() });

export interface TaskResult {
  task: string;
  per: TaskPlan['per'];
  size: number;
  /** From the start of the process to its end. */
  seconds: number;
  perSecond: number;
  /** The most memory that the process ever had resident. */
  peakMb: number;
  /** CPU of the task's own process, without the database. */
  cpuSeconds: number;
  counts: Record<string, number>;
  /** What is not as it has to be; empty when all is well. */
  wrong: string[];
}

export interface Place {
  uri: string;
  databaseName: string;
  folder: string;
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

/** What the report says by this name: the report of a verification has its numbers beside the counts. */
function saidOf(report: z.infer<typeof reportSchema>, name: string): number {
  const said = report.counts?.[name] ?? report[name];
  return typeof said === 'number' ? said : 0;
}

/** Runs a task in a process of its own, to its end. @throws when it dies without a report. */
export async function runTask(plan: TaskPlan, expected: Expected, place: Place): Promise<TaskResult> {
  const name = plan.label ?? plan.name;
  const files = join(place.folder, `${place.databaseName}-${name.replaceAll(/\W+/g, '-')}`);
  const startedAt = performance.now();
  const child = startChild(ENTRY, {
    folder: place.folder,
    args: [plan.name, ...(plan.args ?? []), '--json'],
    nodeOptions: ['--import', PEAK],
    mayEnd: true,
    env: {
      ...{ MONGODB_URI: place.uri, DATABASE_NAME: place.databaseName, DATA_DIR: place.folder },
      BENCH_USAGE_FILE: `${files}.usage.json`,
    },
  });
  let complaints = '';
  child.process.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2_000);
  });
  const report = createWriteStream(`${files}.json`);
  child.process.stdout?.pipe(report);
  const [[code]] = await Promise.all([
    once(child.process, 'close') as Promise<[number | null]>,
    finished(report),
  ]);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (code === null || code === 2) throw new Error(`${name} ended with code ${String(code)}.\n${complaints}`);
  const said = reportSchema.parse(JSON.parse(readFileSync(`${files}.json`, 'utf8')));
  const { peakKb, cpuMs } = usageSchema.parse(JSON.parse(readFileSync(`${files}.usage.json`, 'utf8')));
  const wanted = Object.entries(plan.counts(expected));
  const wrong = wanted
    .filter(([count, value]) => saidOf(said, count) !== value)
    .map(([count, value]) => `${count} ${saidOf(said, count)} instead of ${value}`);
  // One that was stopped has done as much as it says.
  const size = code === STOPPED ? saidOf(said, plan.per) : plan.size(expected);
  return {
    ...{ task: name, per: plan.per, size, counts: said.counts ?? {} },
    ...{ seconds: round(seconds, 1), perSecond: round(size / seconds), peakMb: round(peakKb / 1_024) },
    cpuSeconds: round(cpuMs / 1_000, 1),
    wrong: code === plan.exitCode ? wrong : [`exit code ${code} instead of ${plan.exitCode}`, ...wrong],
  };
}
