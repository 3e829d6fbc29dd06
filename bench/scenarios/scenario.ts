import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database.js';
import type { TrafficResult } from '../load/commands.js';
import type { LoadGenerator } from '../remote.js';
import { times, type Check, type Figure, type ScenarioId, type Target } from '../results.js';
import type { Subject } from '../targets.js';

/** Everything that a scenario uses: one freshly started server and one load generator. */
export interface Stage {
  subject: Subject;
  database: Database;
  load: LoadGenerator;
  quick: boolean;
  progress: (text: string) => void;
}

export interface Scenario {
  id: ScenarioId;
  title: string;
  targets: readonly Target[];
  run: (stage: Stage) => Promise<{ figures: Figure[]; checks: Check[]; notes?: string[] }>;
}

export const makeUserIds = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(5, '0')}`);

/** Waits for work left over from connecting or seeding: garbage collection, derived state, checkpoints. */
export const settle = (stage: Stage): Promise<void> => sleep(stage.quick ? 500 : 4_000);

export const trafficFigures = (traffic: TrafficResult): Figure[] => [
  { name: 'messages', unit: 'msg/s', value: Math.round(traffic.acknowledgedPerSecond) },
  ...times('send→ack', traffic.toAcknowledge),
  ...times('send→delivered', traffic.toDeliver),
];

/**
 * CPU time of each group of processes per 1,000 operations of the last measured load. Unlike a rate, it is comparable
 * on a machine that is busy with other work.
 */
export function cpuPerThousand(
  stage: Stage,
  load: string,
  { measureMs, count }: { measureMs: number; count: number },
): Figure[] {
  const shares = stage.load.cpu().at(-1)?.shares ?? [];
  return shares.map(({ group, percent }) => ({
    name: `${load}: CPU of ${group}`,
    unit: 'ms per 1,000',
    value: Math.round(((percent / 100) * measureMs * 10_000) / Math.max(1, count)) / 10,
  }));
}
