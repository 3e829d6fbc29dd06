/** What the bench measures and how it says so. */

export const SCENARIO_IDS = ['a', 'b', 'b2', 'c', 'd', 'e', 'f'] as const;
export type ScenarioId = (typeof SCENARIO_IDS)[number];

/** `unbatched` is the same server with one message per insert; `relay` stores nothing and is the ceiling. */
export const TARGETS = ['parley', 'unbatched', 'relay'] as const;
export type Target = (typeof TARGETS)[number];

export type Unit = 'msg/s' | 'ms' | 'KB' | 'x' | 'count';

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
}

export interface ScenarioResult {
  scenario: ScenarioId;
  target: Target;
  figures: Figure[];
  checks: Check[];
  cpu: CpuShare[];
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
