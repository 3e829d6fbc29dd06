import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stopAllChildren } from './children.js';
import { NO_DATABASE, openDatabase, type Database } from './database.js';
import { evaluateFloors } from './floors.js';
import { interruptible } from './interrupts.js';
import { readMachineFacts, type MachineFacts } from './machine.js';
import { readOptions, USAGE, type BenchOptions } from './options.js';
import { resultsFolder } from './paths.js';
import { summariseProfiles } from './profile.js';
import { startLoadGenerator } from './remote.js';
import { formatReport } from './report.js';
import { isBefore, isStoring, type ScenarioResult, type Target } from './results.js';
import { SCENARIOS } from './scenarios/index.js';
import type { Scenario } from './scenarios/scenario.js';
import { startSubject } from './targets.js';

/** Load average above which the machine was too busy before the start for comparable figures. */
const BUSY_LOAD = 0.5;

interface Run {
  options: BenchOptions;
  database: Database;
  folder: string;
  interrupted: AbortSignal;
}

/** Runs one scenario against one freshly started server. */
async function runOne(run: Run, scenario: Scenario, target: Target): Promise<ScenarioResult> {
  const result: ScenarioResult = {
    scenario: scenario.id,
    target,
    figures: [],
    checks: [],
    cpu: [],
    notes: [],
  };
  const progress = (text: string): void => console.log(`${scenario.id} ${target}: ${text}`);
  const profileFolder =
    run.options.profile && isStoring(target)
      ? join(resultsFolder, `profile-${scenario.id}-${target}`)
      : undefined;
  if (profileFolder !== undefined) rmSync(profileFolder, { recursive: true, force: true });
  progress(scenario.title);
  try {
    const { folder, database } = run;
    const subject = await startSubject(target, database, {
      folder,
      profileFolder,
      entry: run.options.entry,
      before: run.options.before,
    });
    const load = startLoadGenerator(() => ({
      ...subject.groups(),
      ...(isStoring(target) && database.pids.length > 0 && { database: database.pids }),
    }));
    try {
      const stage = { subject, load, progress, database, quick: run.options.quick };
      Object.assign(result, await scenario.run(stage));
      result.cpu = load.cpu();
    } finally {
      await load.stop();
      await subject.stop();
      if (isStoring(target)) await database.drop(subject.databaseName);
    }
    if (profileFolder !== undefined) console.log(summariseProfiles(profileFolder));
  } catch (error) {
    result.error = error instanceof Error ? error.message : String(error);
    progress(`failed: ${result.error}`);
  }
  return result;
}

async function runAll(run: Run): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of SCENARIOS.filter(({ id }) => run.options.only.includes(id))) {
    const targets = scenario.targets.filter(
      (one) => run.options.targets.includes(one) && (!isBefore(one) || run.options.before !== undefined),
    );
    for (const target of targets) {
      if (run.interrupted.aborted) return results;
      results.push(await runOne(run, scenario, target));
    }
  }
  return results;
}

interface Start {
  startedAt: Date;
  machine: MachineFacts;
}

function writeResults(options: BenchOptions, results: ScenarioResult[], start: Start): boolean {
  const { startedAt, machine } = start;
  const floors = evaluateFloors(results);
  const stamp = startedAt.toISOString().replaceAll(':', '-').slice(0, 19);
  const file = resolve(options.jsonFile ?? join(resultsFolder, `${stamp}.json`));
  mkdirSync(dirname(file), { recursive: true });
  const { quick, profile } = options;
  const outcome = { startedAt: startedAt.toISOString(), machine, quick, profile, results, floors };
  writeFileSync(file, `${JSON.stringify(outcome, null, 2)}\n`);
  console.log(formatReport(results, floors, machine.cores));
  console.log(
    `\n${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, Node ${machine.node}, ${machine.os}`,
  );
  if (machine.loadAverage > BUSY_LOAD) {
    console.log(
      `Load average ${machine.loadAverage} at the start: the machine was busy, so the figures are too low.`,
    );
  }
  if (quick || profile) console.log('Quick or profiled run: not comparable.');
  console.log(`Results: ${file}`);
  return results.every(({ error, checks }) => error === undefined && checks.every(({ passed }) => passed));
}

const needsDatabase = ({ only, targets }: BenchOptions): boolean =>
  SCENARIOS.some(
    (scenario) =>
      only.includes(scenario.id) && scenario.targets.some((one) => targets.includes(one) && isStoring(one)),
  );

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return true;
  }
  const start = { startedAt: new Date(), machine: readMachineFacts() };
  mkdirSync(resultsFolder, { recursive: true });
  // In the checkout, not in a temporary folder that may be in memory: a disk sync must have its real cost.
  const folder = mkdtempSync(join(resultsFolder, 'run-'));
  const interrupted = interruptible();
  let database = NO_DATABASE;
  try {
    if (needsDatabase(options)) {
      console.log('opening the database');
      database = await openDatabase(join(folder, 'database'), {
        uri: options.mongodbUri,
        pids: options.mongodbPids,
      });
    }
    const results = await runAll({ options, database, folder, interrupted });
    // Also after an interruption, because the results until then are useful.
    return writeResults(options, results, start) && !interrupted.aborted;
  } finally {
    await stopAllChildren();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
