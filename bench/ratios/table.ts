import { formatTable } from '../report.js';
import type { Side } from './sides.js';

/** Parley, the build before, and the reference: the bare relay or the raw query. */
export type Column = Exclude<Side['name'], 'relay'> | 'reference';

/** The limit of a ratio to the reference: at most, or at least. */
export type Goal = { atMost: number } | { atLeast: number };

export interface Row {
  operation: string;
  unit: string;
  /** Values of all rounds. */
  values: Record<Column, number[]>;
  goal: Goal | undefined;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

/** Collects values over the rounds of a run. */
export class Table {
  readonly #rows = new Map<string, Row>();

  add(
    operation: string,
    unit: string,
    { goal, ...values }: Partial<Record<Column, number>> & { goal?: Goal },
  ): void {
    const row = this.#rows.get(operation) ?? {
      operation,
      unit,
      values: { parley: [], before: [], reference: [] },
      goal,
    };
    this.#rows.set(operation, row);
    for (const column of ['parley', 'before', 'reference'] as const) {
      const value = values[column];
      if (value !== undefined) row.values[column].push(value);
    }
  }

  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }
}

/** Median of the ratios of each round: both values of a round were measured next to each other. */
const ratioOf = ({ values }: Row, column: Exclude<Column, 'reference'>): number | undefined => {
  const ratios = values[column].flatMap((value, round) => {
    const reference = values.reference[round];
    return reference === undefined || reference === 0 ? [] : [value / reference];
  });
  return ratios.length === 0 ? undefined : median(ratios);
};

const isMet = (ratio: number, goal: Goal): boolean =>
  'atMost' in goal ? ratio <= goal.atMost : ratio >= goal.atLeast;

const show = (value: number): string =>
  Number.isNaN(value) ? '' : value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });
const showRatio = (ratio: number | undefined): string => (ratio === undefined ? '' : `${ratio.toFixed(2)} ×`);

function showGoal({ goal }: Row, ratio: number | undefined): string[] {
  if (goal === undefined) return ['', ''];
  const text = 'atMost' in goal ? `≤ ${goal.atMost} ×` : `≥ ${goal.atLeast} ×`;
  return [text, ratio === undefined ? '' : isMet(ratio, goal) ? 'met' : 'not met'];
}

/** Formats medians over the rounds, and medians of the ratios within each round. */
export function formatRatios(rows: readonly Row[]): string {
  return formatTable([
    ['', 'reference', 'before', 'now', 'before ÷ ref', 'now ÷ ref', 'goal', ''],
    ...rows.map((row) => {
      const [before, now] = [ratioOf(row, 'before'), ratioOf(row, 'parley')];
      return [
        `${row.operation}, ${row.unit}`,
        show(median(row.values.reference)),
        show(median(row.values.before)),
        show(median(row.values.parley)),
        showRatio(before),
        showRatio(now),
        ...showGoal(row, now),
      ];
    }),
  ]).join('\n');
}
