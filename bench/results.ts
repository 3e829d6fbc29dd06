/** What the bench measures and how it says so. */

export const SCENARIO_IDS = ['a', 'b', 'b2', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

/** Ways for two bare Socket.IO processes to hear of each other: three adapters of others, and our own bus. */
export const ADAPTERS = ['classic', 'sharded', 'streams', 'bus'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/**
 * `unbatched` is the same server with one message per insert, `uncached` without copies of the newest messages;
 * `workers` is one server with two worker processes, `redis` two servers that share a Redis; `relay` stores nothing
 * and is the ceiling. `before` and `redis-before` are `parley` and `redis` of the build that `--before` names.
 */
export const TARGETS = [
  'parley',
  'before',
  'unbatched',
  'uncached',
  'workers',
  'redis',
  'redis-before',
  'relay',
  ...ADAPTERS,
] as const;
export type Target = (typeof TARGETS)[number];

export const isAdapter = (target: Target): target is AdapterName => ADAPTERS.some((one) => one === target);
/** Whether it is of another build, and there only where that is named. */
export const isBefore = (target: Target): boolean => target === 'before' || target === 'redis-before';
/** Whether it is several servers with a Redis between them. */
export const hasRedis = (target: Target): boolean => target === 'redis' || target === 'redis-before';
/** Whether it keeps messages, in a database that can be looked into. */
export const isStoring = (target: Target): boolean => target !== 'relay' && !isAdapter(target);

export type Unit = 'msg/s' | 'per s' | 'ms' | 'KB' | 'x' | 'count' | 'ms per 1,000';

export interface Figure {
  name: string;
  unit: Unit;
  value: number;
}

/** A promise that was looked at in what was stored or answered. */
export interface Check {
  name: string;
  passed: boolean;
  detail: string;
}

/** CPU of a group of processes during the measured time; 100 is one core. */
export interface CpuShare {
  group: string;
  percent: number;
  /** The same by name of the program. */
  programs: Record<string, number>;
  /** The busiest process alone: near 100 is a process that cannot go faster, as most here have one thread. */
  busiest: number;
  /** What each process of the group took, the busiest first. */
  processes: number[];
}

/** CPU during one measured load. */
export interface CpuPhase {
  /** The load, by its command. */
  load: string;
  shares: CpuShare[];
}

export interface ScenarioResult {
  scenario: ScenarioId;
  target: Target;
  figures: Figure[];
  checks: Check[];
  cpu: CpuPhase[];
  /** What the reader has to know about this one result. */
  notes: string[];
  /** Why it could not run. */
  error?: string;
}

/** Quantiles of many times, in ms. */
export interface Quantiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export const times = (name: string, quantiles: Quantiles): Figure[] =>
  (['p50', 'p95', 'p99', 'max'] as const).map((key) => ({
    name: `${name} ${key}`,
    unit: 'ms',
    value: quantiles[key],
  }));
