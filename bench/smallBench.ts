import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stopAllChildren } from './children.js';
import { readMachineFacts } from './machine.js';
import { resultsFolder } from './paths.js';

/** A bench of one table, in full or quick. */
export interface SmallBench<Size, Row> {
  /** As in `npm run bench -- <name>`, and in the name of the file with the results. */
  name: string;
  /** Printed for `--help`. */
  usage: string;
  full: Size;
  quick: Size;
  measure: (size: Size) => Promise<Row[]>;
  format: (rows: readonly Row[]) => string;
}

/** Runs the bench of this process with its arguments. The exit code is 1 when something could not be measured. */
export async function runSmallBench<Size, Row>(bench: SmallBench<Size, Row>): Promise<void> {
  try {
    await run(bench);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await stopAllChildren();
  }
}

async function run<Size, Row>({
  name,
  usage,
  full,
  quick,
  measure,
  format,
}: SmallBench<Size, Row>): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const startedAt = new Date().toISOString();
  const machine = readMachineFacts();
  mkdirSync(resultsFolder, { recursive: true });
  const size = values.quick ? quick : full;
  const rows = await measure(size);
  const file = resolve(
    values.json ?? join(resultsFolder, `${startedAt.replaceAll(':', '-').slice(0, 19)}-${name}.json`),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ startedAt, machine, size, rows }, null, 2)}\n`);
  const { loadAverage } = readMachineFacts();
  console.log(`\n${format(rows)}\n`);
  console.log(
    `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, Node ${machine.node}, ${machine.os}`,
  );
  console.log(
    `Load average ${machine.loadAverage} at the start, ${loadAverage} at the end. Results: ${file}`,
  );
  if (values.quick) console.log('Quick run: not comparable.');
}
