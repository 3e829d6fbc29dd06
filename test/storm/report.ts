import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVerdict } from './checker/checker.js';
import { FAULTS, type FaultKind } from './faults/schedule.js';
import { countWarnings } from './parts/serverLog.js';
import { nameSeed, seconds, type RecoveredFault, type Outcome } from './storm.js';
import { groupBy } from './checker/facts.js';

const OUTPUT = 'test/output';
const MAX_COMPLAINTS = 12;

/** Formats the table at the end of a run. */
export function formatOutcome({ faults, tally, verdict, options, stage }: Outcome): string {
  const width = Math.max(...Object.values(FAULTS).map((text) => text.length));
  const rows = [...groupBy(faults, ({ kind }) => kind)].map(([kind, all]) => row(kind, all, width));
  const numbers = Object.entries(tally).map(([name, count]) => `  ${name.padEnd(14)} ${count}`);
  const warnings = countWarnings(stage.cluster.allOutput())
    .slice(0, MAX_COMPLAINTS)
    .map(([warning, count]) => `  ${String(count).padStart(5)}  ${warning}`);
  const total = Object.values(verdict.counts).reduce((sum, count) => sum + count, 0);
  return [
    '',
    `${'fault'.padEnd(width)}  times  lasted (longest)  answers again after (median, longest)`,
    ...rows,
    '',
    ...numbers,
    '',
    'what the servers complained of:',
    ...(warnings.length === 0 ? ['  nothing'] : warnings),
    '',
    ...(total === 0 ? [] : [formatVerdict(verdict), '']),
    ...(total === 0 && options.sabotage !== undefined
      ? [`The sabotage (${options.sabotage}) was NOT found.`]
      : []),
    `${nameSeed(options)}: ${total === 0 ? 'every promise held' : `${total} violations`}`,
  ].join('\n');
}

function row(kind: FaultKind, faults: readonly RecoveredFault[], width: number): string {
  const recovered = faults.map(({ recoveredMs }) => recoveredMs).sort((a, b) => a - b);
  const median = recovered[Math.floor(recovered.length / 2)] ?? 0;
  const lasted = seconds(Math.max(...faults.map(({ lastedMs }) => lastedMs)));
  const longest = seconds(recovered.at(-1) ?? 0);
  return `${FAULTS[kind].padEnd(width)}  ${String(faults.length).padStart(5)}  ${lasted.padStart(16)}  ${seconds(median)}, ${longest}`;
}

/** Writes everything needed to find the cause of a failure. @returns the files. */
export async function writeEvidence({ stage, final, verdict, options }: Outcome): Promise<string[]> {
  const base = join(OUTPUT, `storm-${options.seed}`);
  await stage.log.write(`${base}.jsonl`);
  await writeFile(`${base}.final.json`, JSON.stringify({ verdict, final }, null, 1));
  await writeFile(`${base}.servers.log`, stage.cluster.allOutput());
  return [`${base}.jsonl`, `${base}.final.json`, `${base}.servers.log`];
}
