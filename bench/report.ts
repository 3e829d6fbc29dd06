import type { Floor } from './floors.js';
import type { CpuPhase, CpuShare, ScenarioResult, Target } from './results.js';
import { SCENARIOS } from './scenarios/index.js';

const TARGET_NAMES: Record<Target, string> = {
  parley: 'Parley',
  before: 'Parley before',
  'redis-before': '2 over Redis before',
  unbatched: 'batching off',
  uncached: 'cache off',
  workers: '2 workers',
  redis: '2 over Redis',
  relay: 'bare relay',
  classic: 'classic',
  sharded: 'sharded',
  streams: 'streams',
  bus: 'our bus',
};

/** Pairs of targets whose ratio is printed. */
const RATIOS: readonly (readonly [Target, Target])[] = [
  ['parley', 'unbatched'],
  ['parley', 'uncached'],
  ['parley', 'relay'],
  ['workers', 'parley'],
  ['redis', 'parley'],
  ['parley', 'before'],
  ['redis', 'redis-before'],
  ['bus', 'classic'],
  ['bus', 'sharded'],
  ['bus', 'streams'],
];

/** Percentage of one core at which a process with one thread counts as saturated. */
const FULL_PROCESS = 88;
/** Share of all cores at which the machine counts as saturated. */
const FULL_MACHINE = 0.9;

/** Formats rows as columns; the first column is aligned to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd(),
  );
}

const show = (value: number | undefined): string =>
  value === undefined ? '–' : value.toLocaleString('en-US', { maximumFractionDigits: 2 });

const showRatio = (value: number | undefined, other: number | undefined): string =>
  value === undefined || other === undefined || other === 0 ? '' : `${(value / other).toFixed(2)} ×`;

function figureRows(results: readonly ScenarioResult[]): string[][] {
  const of = (target: Target, name: string): number | undefined =>
    results.find((result) => result.target === target)?.figures.find((one) => one.name === name)?.value;
  const named = new Map(results.flatMap(({ figures }) => figures).map(({ name, unit }) => [name, unit]));
  const targets = results.map(({ target }) => target);
  const ratios = RATIOS.filter((pair) => pair.every((target) => targets.includes(target)));
  return [
    [
      '',
      ...targets.map((target) => TARGET_NAMES[target]),
      ...ratios.map(([one, other]) => `${TARGET_NAMES[one]} to ${TARGET_NAMES[other]}`),
    ],
    ...[...named].map(([name, unit]) => [
      `${name} (${unit})`,
      ...targets.map((target) => show(of(target, name))),
      ...ratios.map(([one, other]) => showRatio(of(one, name), of(other, name))),
    ]),
  ];
}

function showShare({ group, percent, programs, processes }: CpuShare): string {
  const whole = Object.entries(programs).map(([name, one]) => [name, Math.round(one)] as const);
  const parts = whole.filter(([, one]) => one > 0).map(([name, one]) => `${name} ${one}`);
  const each = processes.map((one) => Math.round(one)).filter((one) => one > 0);
  const total = `${group} ${Math.round(percent)}%`;
  if (parts.length > 1) return `${total} (${parts.join(', ')})`;
  return each.length > 1 ? `${total} (${each.join(' + ')})` : total;
}

/** Describes the bottleneck of a load, as far as CPU usage shows it. */
export function findBottleneck(shares: readonly CpuShare[], cores: number): string {
  const total = shares.reduce((sum, { percent }) => sum + percent, 0);
  const full = shares.filter(({ busiest }) => busiest >= FULL_PROCESS).map(({ group }) => group);
  const machine = total >= FULL_MACHINE * cores * 100;
  if (full.length > 0) return `saturated: ${full.join(' and ')}${machine ? ', and the machine' : ''}`;
  if (!machine) return 'nothing is saturated: the processes wait for each other or for the disk';
  const [most] = [...shares].sort((one, other) => other.percent - one.percent);
  return `the machine is saturated, mostly by ${most?.group ?? 'other processes'}`;
}

const showPhase = ({ load, shares }: CpuPhase, cores: number): string =>
  `${load}: ${shares.map(showShare).join(', ')}; ${findBottleneck(shares, cores)}`;

function otherLines({ target, checks, cpu, notes, error }: ScenarioResult, cores: number): string[] {
  const name = TARGET_NAMES[target];
  return [
    ...(error === undefined ? [] : [`FAILED (${name}): ${error}`]),
    ...cpu.map((phase) => `CPU, ${name}, ${showPhase(phase, cores)}`),
    ...notes.map((note) => `note, ${name}: ${note}`),
    ...checks.map((check) => `${check.passed ? 'ok' : 'NOT OK'}, ${name}: ${check.name} (${check.detail})`),
  ];
}

/** Formats the whole result as text. */
export function formatReport(
  results: readonly ScenarioResult[],
  floors: readonly Floor[],
  cores: number,
): string {
  const lines: string[] = [];
  for (const { id, title } of SCENARIOS) {
    const ofScenario = results.filter(({ scenario }) => scenario === id);
    if (ofScenario.length === 0) continue;
    lines.push(
      '',
      `${id}  ${title}`,
      ...formatTable(figureRows(ofScenario)),
      ...ofScenario.flatMap((one) => otherLines(one, cores)),
    );
  }
  const judged = floors.filter(({ value }) => value !== undefined);
  if (judged.length > 0) {
    const rows = judged.map(({ text, value, met }) => [text, show(value), met === true ? 'met' : 'NOT MET']);
    lines.push('', 'Floors', ...formatTable(rows));
  }
  return lines.join('\n');
}
