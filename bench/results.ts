/** Types of what the benchmark measures and reports. */

export const SCENARIO_IDS = ['a', 'b', 'b2', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

/** Adapters that connect two bare Socket.IO processes: three from Socket.IO, and Parley's own bus. */
export const ADAPTERS = ['classic', 'sharded', 'streams', 'bus'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/**
 * `unbatched`: the server with one message per insert. `uncached`: without caches of the newest messages. `workers`:
 * with two worker processes. `redis`: two servers that share a Redis. `relay`: stores nothing; the upper bound.
 * `before` and `redis-before`: `parley` and `redis` with the build given by `--before`.
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
/** True for targets of another build, which exist only with `--before`. */
export const isBefore = (target: Target): boolean => target === 'before' || target === 'redis-before';
/** True for targets that consist of several servers with a Redis. */
export const hasRedis = (target: Target): boolean => target === 'redis' || target === 'redis-before';
/** True for targets that store messages in a database that can be checked. */
export const isStoring = (target: Target): boolean => target !== 'relay' && !isAdapter(target);

export type Unit = 'msg/s' | 'per s' | 'ms' | 'KB' | 'x' | 'count' | 'ms per 1,000';

export interface Figure {
  name: string;
  unit: Unit;
  value: number;
}

/** A property that was verified in the stored data or in the answers. */
export interface Check {
  name: string;
  passed: boolean;
  detail: string;
}

/** CPU usage of a group of processes during the measured time; 100 is one core. */
export interface CpuShare {
  group: string;
  percent: number;
  /** CPU usage by program name. */
  programs: Record<string, number>;
  /** Usage of the busiest process. Near 100, a process with one thread is saturated. */
  busiest: number;
  /** Usage of each process, in descending order. */
  processes: number[];
}

/** CPU usage during one measured load. */
export interface CpuPhase {
  /** Command name of the load. */
  load: string;
  shares: CpuShare[];
}

export interface ScenarioResult {
  scenario: ScenarioId;
  target: Target;
  figures: Figure[];
  checks: Check[];
  cpu: CpuPhase[];
  /** Remarks that a reader needs to interpret this result. */
  notes: string[];
  /** Reason why the scenario could not run. */
  error?: string;
}

/** Quantiles of measured times, in ms. */
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
