import { formatTable } from '../report.js';
import type { TaskResult } from './runTask.js';
import type { Generated } from './generate.js';
import type { Expected } from './shape.js';

/** Results for a database of one size. */
export interface SizeResult {
  expected: Expected;
  generated: Generated;
  loadAverage: number;
  tasks: TaskResult[];
  wrong: string[];
}

/** Ratio of peak memory above which a task is reported as growing with the number of messages. */
export const FLAT_RATIO = 1.5;

const show = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

const generatedLine = ({ expected, generated, loadAverage }: SizeResult): string => {
  const { insertMs, indexMs } = generated;
  const perSecond = Math.round(expected.messages / (insertMs / 1_000));
  return (
    `${show(expected.messages)} messages in ${show(expected.conversations)} conversations: stored in ` +
    `${Math.round(insertMs / 1_000)} s (${show(perSecond)}/s), indexed in ${Math.round(indexMs / 1_000)} s; ` +
    `load average ${show(loadAverage)}`
  );
};

/** Returns the ratio of a task's peak memory to that in the smaller database. */
export const growthOf = (small: SizeResult | undefined, large: TaskResult): number | undefined => {
  const before = small?.tasks.find(({ task }) => task === large.task);
  return before === undefined ? undefined : Math.round((large.peakMb / before.peakMb) * 100) / 100;
};

function rowsOf(small: SizeResult | undefined, large: SizeResult): string[][] {
  return large.tasks.map((one) => {
    const before = small?.tasks.find(({ task }) => task === one.task);
    const growth = growthOf(small, one);
    return [
      one.task,
      `${show(one.size)} ${one.per}`,
      show(one.seconds),
      before === undefined ? '–' : show(before.perSecond),
      show(one.perSecond),
      show(one.cpuSeconds),
      before === undefined ? '–' : show(before.peakMb),
      show(one.peakMb),
      growth === undefined ? '–' : `${growth.toFixed(2)} ×${growth > FLAT_RATIO ? ' GROWS' : ''}`,
    ];
  });
}

/** Formats the result as text. @param sizes in ascending order; the last one is the main result. */
export function formatDataReport(sizes: readonly SizeResult[]): string {
  const large = sizes.at(-1);
  if (large === undefined) return 'Nothing was measured.';
  const small = sizes.length > 1 ? sizes[0] : undefined;
  const [few, all] = [
    small === undefined ? 'fewer' : show(small.expected.messages),
    show(large.expected.messages),
  ];
  const head = [
    '',
    'of',
    's',
    `per s at ${few}`,
    `at ${all}`,
    'own CPU, s',
    `peak MB at ${few}`,
    `at ${all}`,
    'ratio',
  ];
  const wrong = sizes.flatMap((size) => [
    ...size.tasks.flatMap((one) =>
      one.wrong.map((what) => `${show(size.expected.messages)}, ${one.task}: ${what}`),
    ),
    ...size.wrong.map((what) => `${show(size.expected.messages)}: ${what}`),
  ]);
  return [
    ...sizes.map(generatedLine),
    '',
    ...formatTable([head, ...rowsOf(small, large)]),
    '',
    ...(wrong.length === 0
      ? ['ok: every task found and changed exactly what was planted']
      : wrong.map((one) => `NOT OK: ${one}`)),
  ].join('\n');
}
