import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { inject } from 'vitest';
import { readDatabaseFacts } from '../../scripts/data/frame/database.js';
import { TaskRun } from '../../scripts/data/frame/runTask.js';
import { TASKS } from '../../scripts/data/tasks.js';
import { machineEnv } from './machineEnv.js';
import { newDatabaseName } from './server.js';

const SCRIPT = fileURLToPath(new URL('../../dist/scripts/data/index.js', import.meta.url));
const { EJSON } = mongoose.mongo.BSON;

export interface ScriptOutcome {
  /** Exit code; 137 for a killed process. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface HereOutcome {
  code: number;
  /** The JSON report. */
  report: { counts: Record<string, number>; problems: number; journal?: string; details: unknown[] };
}

/** A new database, with functions that run `npm run data` on it. */
export interface DataWorld extends AsyncDisposable {
  databaseName: string;
  connection: mongoose.Connection;
  dataDir: string;
  /** Starts the compiled script; `onStart` may kill it. */
  run(
    args: readonly string[],
    onStart?: (child: ChildProcess) => void,
    env?: Record<string, string>,
  ): Promise<ScriptOutcome>;
  /** Runs a task in this process. */
  runHere(
    name: string,
    options?: Record<string, unknown>,
    connection?: mongoose.Connection,
  ): Promise<HereOutcome>;
  /** Returns every document of every collection, byte for byte, including the order of fields. */
  dump(except?: readonly string[]): Promise<Record<string, string[]>>;
}

export async function createDataWorld(databaseName = newDatabaseName()): Promise<DataWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-data-'));
  const connection = await mongoose
    // Like the script connects: only the code under test creates indexes.
    .createConnection(inject('mongoUri'), { dbName: databaseName, autoIndex: false, autoCreate: false })
    .asPromise();
  // Simulates a database of a server without data: commands refuse one without a collection of Parley.
  await connection.createCollection('reports').catch(() => undefined);
  return {
    databaseName,
    connection,
    dataDir,
    run: (args, onStart, env = {}) => runScript(args, { databaseName, dataDir, onStart, env }),
    runHere: (name, options, instead = connection) =>
      runHere({ connection: instead, dataDir }, { name, options }),
    dump: (except = []) => dumpOf(connection, except),
    [Symbol.asyncDispose]: async () => {
      await connection.close();
    },
  };
}

function runScript(
  args: readonly string[],
  {
    databaseName,
    dataDir,
    onStart,
    env,
  }: {
    databaseName: string;
    dataDir: string;
    onStart: ((child: ChildProcess) => void) | undefined;
    env: Record<string, string>;
  },
): Promise<ScriptOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, ...args], {
      env: {
        ...machineEnv(),
        MONGODB_URI: inject('mongoUri'),
        DATABASE_NAME: databaseName,
        DATA_DIR: dataDir,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: dataDir,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code: code ?? (signal === null ? 1 : 137), stdout, stderr }),
    );
    onStart?.(child);
  });
}

async function runHere(
  world: Pick<DataWorld, 'connection' | 'dataDir'>,
  { name, options = {} }: { name: string; options: Record<string, unknown> | undefined },
): Promise<HereOutcome> {
  const task = TASKS.find((one) => one.name === name);
  if (task === undefined) throw new Error(`there is no task ${name}`);
  const printed: string[] = [];
  const print = (text: string): Promise<void> => Promise.resolve(void printed.push(text));
  const { dryRun = false, ...given } = options;
  const frame = {
    ...{ dryRun: dryRun === true, yes: true, json: true, journal: undefined, report: undefined },
    // The details of the report are tested.
    ...{ details: true, allowEmpty: true },
  };
  const run = new TaskRun(task, frame, {
    ...world,
    database: await readDatabaseFacts(world.connection),
    calledFrom: world.dataDir,
    isStopping: () => false,
    print,
  });
  const code = await run.run(given);
  return { code, report: JSON.parse(printed.join('')) as HereOutcome['report'] };
}

async function dumpOf(
  connection: mongoose.Connection,
  except: readonly string[],
): Promise<Record<string, string[]>> {
  const names = (await connection.listCollections())
    .map(({ name }) => name)
    .filter((name) => !except.includes(name));
  const dumps = await Promise.all(
    names.sort().map(async (name) => {
      const documents = await connection.collection(name).find().sort({ _id: 1 }).toArray();
      return [name, documents.map((document) => EJSON.stringify(document, { relaxed: false }))] as const;
    }),
  );
  return Object.fromEntries(dumps.filter(([, documents]) => documents.length > 0));
}
