import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database.js';
import type { TrafficResult } from '../load/commands.js';
import type { LoadGenerator } from '../remote.js';
import { times, type Check, type Figure, type ScenarioId, type Target } from '../results.js';
import type { Subject } from '../targets.js';

/** What a scenario works with: one freshly started server and one load generator. */
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

/** Waits for what connecting or seeding left to do: garbage, derived state, checkpoints. */
export const settle = (stage: Stage): Promise<void> => sleep(stage.quick ? 500 : 4_000);

export const trafficFigures = (traffic: TrafficResult): Figure[] => [
  { name: 'messages', unit: 'msg/s', value: Math.round(traffic.acknowledgedPerSecond) },
  ...times('send→ack', traffic.toAcknowledge),
  ...times('send→delivered', traffic.toDeliver),
];

/**
 * CPU of each group of processes for every 1,000 of what the last measured load did: unlike a rate, it says the same
 * on a machine that has other work as well.
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
