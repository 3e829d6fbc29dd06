import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVerdict } from './checker/checker.js';
import { FAULTS, type FaultKind } from './faults/schedule.js';
import { countComplaints } from './parts/serverLog.js';
import { nameSeed, seconds, type Hurt, type Outcome } from './storm.js';
import { groupBy } from './checker/facts.js';

const OUTPUT = 'test/output';
const MAX_COMPLAINTS = 12;

/** The table at the end. */
export function formatOutcome({ hurts, tally, verdict, options, stage }: Outcome): string {
  const width = Math.max(...Object.values(FAULTS).map((text) => text.length));
  const rows = [...groupBy(hurts, ({ kind }) => kind)].map(([kind, all]) => row(kind, all, width));
  const numbers = Object.entries(tally).map(([name, count]) => `  ${name.padEnd(14)} ${count}`);
  const complaints = countComplaints(stage.cluster.allOutput())
    .slice(0, MAX_COMPLAINTS)
    .map(([complaint, count]) => `  ${String(count).padStart(5)}  ${complaint}`);
  const total = Object.values(verdict.counts).reduce((sum, count) => sum + count, 0);
  return [
    '',
    `${'fault'.padEnd(width)}  times  lasted (longest)  answers again after (median, longest)`,
    ...rows,
    '',
    ...numbers,
    '',
    'what the servers complained of:',
    ...(complaints.length === 0 ? ['  nothing'] : complaints),
    '',
    ...(total === 0 ? [] : [formatVerdict(verdict), '']),
    ...(total === 0 && options.sabotage !== undefined
      ? [`The sabotage (${options.sabotage}) was NOT found.`]
      : []),
    `${nameSeed(options)}: ${total === 0 ? 'every promise held' : `${total} violations`}`,
  ].join('\n');
}

function row(kind: FaultKind, hurts: readonly Hurt[], width: number): string {
  const recovered = hurts.map(({ recoveredMs }) => recoveredMs).sort((a, b) => a - b);
  const median = recovered[Math.floor(recovered.length / 2)] ?? 0;
  const lasted = seconds(Math.max(...hurts.map(({ lastedMs }) => lastedMs)));
  const longest = seconds(recovered.at(-1) ?? 0);
  return `${FAULTS[kind].padEnd(width)}  ${String(hurts.length).padStart(5)}  ${lasted.padStart(16)}  ${seconds(median)}, ${longest}`;
}

/** Everything that is needed to look for the cause. @returns the files. */
export async function writeEvidence({ stage, final, verdict, options }: Outcome): Promise<string[]> {
  const base = join(OUTPUT, `storm-${options.seed}`);
  await stage.log.write(`${base}.jsonl`);
  await writeFile(`${base}.final.json`, JSON.stringify({ verdict, final }, null, 1));
  await writeFile(`${base}.servers.log`, stage.cluster.allOutput());
  return [`${base}.jsonl`, `${base}.final.json`, `${base}.servers.log`];
}
