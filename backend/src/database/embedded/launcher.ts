import { spawn } from 'node:child_process';
import { existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { chmod, chown, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment } from './environment.js';
import { isPostgresReady, readPostgresOwner, spawnPostgres, type PostgresFolders } from './postgres.js';
import { runProgram } from './run.js';
import { SupervisedProcess } from './supervisedProcess.js';
import { answersPing } from './wirePing.js';

/*
 * A program that behaves like `mongod` as far as its callers look: FerretDB in front of PostgreSQL with the DocumentDB
 * extension. It says "Waiting for connections" when it answers. A part that dies is started again; both end with this
 * program, and this program ends with its parent, however that died (see the shim in packageBuilt.ts).
 */

/** PostgreSQL's shutdown writes what is in memory; after this long it is cut off, and recovers at the next start. */
const POSTGRES_STOP_MS = 8_000;
const GATEWAY_STOP_MS = 1_000;
/** Fewer than PostgreSQL takes: its own workers need some. */
const POOL_SIZE = 60;
const LOG_MAX_BYTES = 5_000_000;

interface LauncherOptions {
  /** Where the package-built database is installed. */
  home: string;
  dbpath: string;
  port: number;
  durable: boolean;
}

function parseLauncherOptions(argv: readonly string[]): LauncherOptions {
  const { values } = parseArgs({
    args: [...argv],
    // mongod knows many more; what this program does not know changes nothing here.
    strict: false,
    options: {
      home: { type: 'string' },
      dbpath: { type: 'string' },
      port: { type: 'string' },
      forgetful: { type: 'boolean' },
      // Their values must not be taken for something else.
      storageEngine: { type: 'string' },
      bind_ip: { type: 'string' },
    },
  });
  const { home, dbpath, port } = values;
  if (typeof home !== 'string' || typeof dbpath !== 'string' || typeof port !== 'string') {
    throw new Error('--home, --dbpath and --port are needed');
  }
  return { home, dbpath, port: Number(port), durable: values.forgetful !== true };
}

async function main(): Promise<void> {
  const options = parseLauncherOptions(process.argv.slice(2));
  await mkdir(options.dbpath, { recursive: true });
  const logFd = openLog(join(options.dbpath, 'engine.log'));
  const log = (line: string): void => {
    writeSync(logFd, `${new Date().toISOString()} launcher ${line}\n`);
  };
  const folders = await prepareFolders(options);
  const onGivenUp = (): void => process.exit(1);
  const postgres = new SupervisedProcess({
    ...{ name: 'PostgreSQL', log, onGivenUp },
    spawn: () => spawnPostgres(folders, options.durable, logFd),
    isReady: (child) => isPostgresReady(folders.data, child.pid),
  });
  const gateway = new SupervisedProcess({
    ...{ name: 'FerretDB', log, onGivenUp },
    spawn: () => spawnGateway(options, logFd),
    isReady: () => answersPing(options.port),
  });
  const stop = async (): Promise<void> => {
    await gateway.stop('SIGTERM', GATEWAY_STOP_MS);
    await postgres.stop('SIGINT', POSTGRES_STOP_MS);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  await postgres.start();
  await gateway.start();
  process.stdout.write(`Waiting for connections on port ${options.port}\n`);
}

/** Makes the folders of a new data folder, the database in it a copy of the installed template. */
async function prepareFolders({ home, dbpath, durable }: LauncherOptions): Promise<PostgresFolders> {
  const folders = { root: join(home, 'root'), data: join(dbpath, 'pg'), run: join(dbpath, 'run') };
  const { uid, gid } = await readPostgresOwner(folders.root);
  if (!existsSync(folders.data)) {
    const fresh = `${folders.data}.new`;
    await rm(fresh, { recursive: true, force: true });
    await runProgram('cp', ['-a', '--reflink=auto', join(home, 'template'), fresh]);
    // What recovery starts from must be on disk before anything is acknowledged on top of it.
    if (durable) await runProgram('sync', ['-f', fresh]);
    await rename(fresh, folders.data);
  }
  await mkdir(folders.run, { recursive: true });
  await chown(folders.run, uid, gid);
  await chmod(folders.run, 0o700);
  await mkdir(join(dbpath, 'state'), { recursive: true });
  return folders;
}

function spawnGateway({ home, dbpath, port }: LauncherOptions, logFd: number): ReturnType<typeof spawn> {
  // By the working folder: the path of a socket may have some hundred characters only, that of a data folder more.
  const url = `postgres://postgres@localhost/postgres?host=/proc/self/cwd/run&pool_max_conns=${POOL_SIZE}`;
  const args = [
    ...['--pdeathsig=KILL', '--', join(home, 'ferretdb')],
    ...[`--listen-addr=127.0.0.1:${port}`, `--postgresql-url=${url}`, '--no-auth'],
    ...[`--state-dir=${join(dbpath, 'state')}`, '--debug-addr=-', '--log-level=ERROR'],
  ];
  return spawn('setpriv', args, {
    cwd: dbpath,
    env: childEnvironment({ FERRETDB_TELEMETRY: 'disable' }),
    stdio: ['ignore', logFd, logFd],
  });
}

function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > LOG_MAX_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
