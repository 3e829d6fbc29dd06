import type { Floor } from './floors.js';
import type { CpuShare, ScenarioResult, Target } from './results.js';
import { SCENARIOS } from './scenarios/index.js';

const TARGET_NAMES: Record<Target, string> = {
  parley: 'Parley',
  unbatched: 'batching off',
  relay: 'bare relay',
};

/** Text in columns; the first is aligned to the left, the others to the right. */
function formatTable(rows: readonly (readonly string[])[]): string[] {
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
  const ratios = (['unbatched', 'relay'] as const).filter(
    (target) => targets.includes('parley') && targets.includes(target),
  );
  return [
    [
      '',
      ...targets.map((target) => TARGET_NAMES[target]),
      ...ratios.map((target) => `to ${TARGET_NAMES[target]}`),
    ],
    ...[...named].map(([name, unit]) => [
      `${name} (${unit})`,
      ...targets.map((target) => show(of(target, name))),
      ...ratios.map((target) => showRatio(of('parley', name), of(target, name))),
    ]),
  ];
}

const showCpu = ({ group, percent, programs }: CpuShare): string => {
  const parts = Object.entries(programs);
  const inside = parts.length > 1 ? ` (${parts.map(([name, one]) => `${name} ${one}`).join(', ')})` : '';
  return `${group} ${percent}%${inside}`;
};

function otherLines({ target, checks, cpu, error }: ScenarioResult): string[] {
  return [
    ...(error === undefined ? [] : [`FAILED (${TARGET_NAMES[target]}): ${error}`]),
    ...(cpu.length === 0 ? [] : [`CPU, ${TARGET_NAMES[target]}: ${cpu.map(showCpu).join(', ')}`]),
    ...checks.map(
      ({ name, passed, detail }) =>
        `${passed ? 'ok' : 'NOT OK'}, ${TARGET_NAMES[target]}: ${name} (${detail})`,
    ),
  ];
}

/** The whole outcome as a person reads it. */
export function formatReport(results: readonly ScenarioResult[], floors: readonly Floor[]): string {
  const lines: string[] = [];
  for (const { id, title } of SCENARIOS) {
    const of = results.filter(({ scenario }) => scenario === id);
    if (of.length === 0) continue;
    lines.push('', `${id}  ${title}`, ...formatTable(figureRows(of)), ...of.flatMap(otherLines));
  }
  const judged = floors.filter(({ value }) => value !== undefined);
  if (judged.length > 0) {
    const rows = judged.map(({ text, value, met }) => [text, show(value), met === true ? 'met' : 'NOT MET']);
    lines.push('', 'Floors', ...formatTable(rows));
  }
  return lines.join('\n');
}
