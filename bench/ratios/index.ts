import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopAllChildren } from '../children.js';
import { NO_DATABASE, openDatabase } from '../database.js';
import { interruptible } from '../interrupts.js';
import { readMachineFacts } from '../machine.js';
import { findEntry } from '../options.js';
import { resultsFolder } from '../paths.js';
import { summariseProfiles } from '../profile.js';
import { measureGroups, measureLogins } from './crowds.js';
import { measureReads } from './reads.js';
import { measureReturns } from './returns.js';
import type { RatioRun } from './run.js';
import { startSide, stopSide, type Side } from './sides.js';
import { formatRatios, Table } from './table.js';
import { measureClosedLoop, measureSteady } from './throughput.js';

const PARTS = {
  reads: measureReads,
  logins: measureLogins,
  groups: measureGroups,
  loop: measureClosedLoop,
  steady: measureSteady,
  returns: measureReturns,
};

const USAGE = `Usage: npm run bench -- ratios [options]

Measures Parley beside the raw queries of the driver and the bare Socket.IO relay, in turns within one run, and prints
the ratios. The median over the rounds of the ratio within a round is nearly the same on a machine with other work.

  --only ${Object.keys(PARTS).join(',')}   these parts only
  --before DIR      also measure the build of another checkout
  --rounds N        5 by default
  --quick           fewer users and shorter
  --profile         write CPU profiles of the servers and print their hot spots (the figures are too low then)
  --help            this text`;

function readOptions() {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      only: { type: 'string' },
      before: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const wanted = values.only?.split(',');
  const unknown = wanted?.find((name) => !(name in PARTS));
  if (unknown !== undefined)
    throw new Error(`--only: ${unknown} is none of ${Object.keys(PARTS).join(', ')}.`);
  return { ...values, rounds: Number(values.rounds), wanted };
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const machine = readMachineFacts();
  interruptible();
  mkdirSync(resultsFolder, { recursive: true });
  const folder = mkdtempSync(join(resultsFolder, 'run-'));
  const profileFolder = options.profile ? join(resultsFolder, 'profile-ratios') : undefined;
  if (profileFolder !== undefined) rmSync(profileFolder, { recursive: true, force: true });
  const table = new Table();
  const sides: Side[] = [];
  let database = NO_DATABASE;
  try {
    database = await openDatabase(join(folder, 'database'), { uri: undefined, pids: [] });
    const sideOptions = {
      folder,
      profileFolder,
      entry: findEntry(undefined),
      before: options.before === undefined ? undefined : findEntry(options.before),
    };
    const names =
      options.before === undefined
        ? (['parley', 'relay'] as const)
        : (['parley', 'before', 'relay'] as const);
    for (const name of names) sides.push(await startSide(name, database, sideOptions));
    const [relay] = sides.slice(-1);
    if (relay === undefined) throw new Error('The relay did not start.');
    const run: RatioRun = {
      database,
      storing: sides.slice(0, -1),
      relay,
      table,
      rounds: options.rounds,
      quick: options.quick,
      progress: (text) => console.log(text),
    };
    for (const [name, measure] of Object.entries(PARTS)) {
      if (options.wanted?.includes(name) ?? true) await measure(run);
    }
  } finally {
    for (const side of sides) await stopSide(side);
    await stopAllChildren();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
    if (profileFolder !== undefined) console.log(summariseProfiles(join(profileFolder, 'parley')));
    console.log(formatRatios(table.rows));
    const file = join(
      resultsFolder,
      `ratios-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`,
    );
    writeFileSync(file, `${JSON.stringify({ machine, options, rows: table.rows }, null, 2)}\n`);
    console.log(
      `${machine.cores} cores, Node ${machine.node}, load average ${machine.loadAverage} at the start. ${file}`,
    );
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
}
