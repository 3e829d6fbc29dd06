import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import mongoose from 'mongoose';
import { stopAllChildren } from '../children.js';
import { NO_DATABASE, openDatabase, type Database } from '../database.js';
import { interruptible } from '../interrupts.js';
import { readMachineFacts } from '../machine.js';
import { resultsFolder } from '../paths.js';
import { generate } from './generate.js';
import { readDataOptions, USAGE } from './options.js';
import { formatDataReport, type SizeResult } from './report.js';
import { runTask } from './runTask.js';
import { expectedOf, type Expected } from './shape.js';
import { TASK_PLANS } from './tasks.js';

interface Run {
  database: Database;
  folder: string;
  interrupted: AbortSignal;
  sizes: SizeResult[];
}

const loadAverage = (): number => Math.round((os.loadavg()[0] ?? 0) * 100) / 100;

/** Checks that after all repairs the conversations in use account for every message. */
async function checkTotals(connection: mongoose.Connection, expected: Expected): Promise<string[]> {
  const [found] = await connection
    .collection('conversations')
    .aggregate<{ messages: number }>([
      { $match: { mergedInto: { $exists: false } } },
      { $group: { _id: null, messages: { $sum: '$messageCount' } } },
    ])
    .toArray();
  const counted = found?.messages ?? 0;
  if (counted === expected.messages) return [];
  return [`${counted} messages in the conversations in use instead of ${expected.messages}`];
}

/** @param sizes receives the result while it grows, so that it is kept after a failure or Ctrl-C. */
async function runSize({ database, folder, interrupted, sizes }: Run, messages: number): Promise<void> {
  const progress = (text: string): void => console.log(`${messages}: ${text}`);
  const databaseName = database.newName();
  const connection = await mongoose
    .createConnection(database.uri, { dbName: databaseName, autoIndex: false, autoCreate: false })
    .asPromise();
  try {
    const expected = expectedOf(messages);
    const generated = await generate(connection, messages, progress);
    const result: SizeResult = { expected, generated, loadAverage: loadAverage(), tasks: [], wrong: [] };
    sizes.push(result);
    for (const plan of TASK_PLANS) {
      if (interrupted.aborted) throw new Error('Stopped.');
      progress(plan.label ?? plan.name);
      const done = await runTask(plan, expected, { uri: database.uri, databaseName, folder });
      progress(`… ${done.seconds} s, ${done.perSecond} ${done.per}/s, ${done.peakMb} MB`);
      result.tasks.push(done);
    }
    result.wrong = await checkTotals(connection, expected);
  } finally {
    await connection.close();
    await database.drop(databaseName);
  }
}

const isFine = ({ tasks, wrong }: SizeResult): boolean =>
  wrong.length === 0 && tasks.every((task) => task.wrong.length === 0);

async function main(): Promise<boolean> {
  const options = readDataOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return true;
  }
  const startedAt = new Date().toISOString();
  const machine = readMachineFacts();
  mkdirSync(resultsFolder, { recursive: true });
  const folder = mkdtempSync(join(resultsFolder, 'data-'));
  const interrupted = interruptible();
  let database = NO_DATABASE;
  const sizes: SizeResult[] = [];
  let failure: string | undefined;
  try {
    console.log('opening the database');
    database = await openDatabase(join(folder, 'database'), { uri: options.mongodbUri, pids: [] });
    for (const size of [options.compare, options.messages]) {
      if (size > 0) await runSize({ database, folder, interrupted, sizes }, size);
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await stopAllChildren();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const stamp = startedAt.replaceAll(':', '-').slice(0, 19);
  const file = resolve(options.jsonFile ?? join(resultsFolder, `${stamp}-data.json`));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ startedAt, machine, sizes, failure }, null, 2)}\n`);
  console.log(`\n${formatDataReport(sizes)}\n`);
  console.log(
    `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, Node ${machine.node}, ${machine.os}`,
  );
  console.log(`Load average at the end ${loadAverage()}. Results: ${file}`);
  if (failure !== undefined) console.error(`The measurement is incomplete: ${failure}`);
  return failure === undefined && sizes.every(isFine);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
