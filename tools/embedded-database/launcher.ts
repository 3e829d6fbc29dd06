import { spawn } from 'node:child_process';
import { existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { chmod, chown, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment } from './machine.js';
import { answersPing } from './mongoPing.js';
import {
  isPostgresReady,
  PostgresProcesses,
  readPostgresOwner,
  spawnPostgres,
  type PostgresFolders,
} from './postgres.js';
import { RestartedProcess } from './restartedProcess.js';
import { runProgram } from './runProgram.js';

/*
 * Program with the command line of `mongod`: runs PostgreSQL with the DocumentDB extension, and FerretDB in front of it.
 * Prints "Waiting for connections" when the database answers, which `mongodb-memory-server` waits for. Restarts either
 * process when it dies. Both end with this program, and this program ends with its parent (see the shim in
 * `packageBuilt.ts`).
 */

/** PostgreSQL's shutdown writes its memory to disk. After this time it is killed, and recovers at the next start. */
const POSTGRES_STOP_MS = 8_000;
const GATEWAY_STOP_MS = 1_000;
/** Less than PostgreSQL's `max_connections`: its own workers need some. */
const POOL_SIZE = 60;
const LOG_MAX_BYTES = 5_000_000;

interface LauncherOptions {
  /** Folder of the installed package-built database. */
  home: string;
  dbpath: string;
  port: number;
  durable: boolean;
}

function parseLauncherOptions(argv: readonly string[]): LauncherOptions {
  const { values } = parseArgs({
    args: [...argv],
    // Options of mongod that are not listed here have no effect.
    strict: false,
    options: {
      home: { type: 'string' },
      dbpath: { type: 'string' },
      port: { type: 'string' },
      'not-durable': { type: 'boolean' },
      // Listed so that their values are not parsed as positional arguments.
      storageEngine: { type: 'string' },
      bind_ip: { type: 'string' },
    },
  });
  const { home, dbpath, port } = values;
  if (typeof home !== 'string' || typeof dbpath !== 'string' || typeof port !== 'string') {
    throw new Error('--home, --dbpath and --port are required');
  }
  return { home, dbpath, port: Number(port), durable: values['not-durable'] !== true };
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
  const processes = new PostgresProcesses();
  const postgres = new RestartedProcess({
    name: 'PostgreSQL',
    log,
    onGivenUp,
    spawn: () => spawnPostgres(folders, options.durable, logFd),
    async isReady({ pid }) {
      const isReady = await isPostgresReady(folders.data, pid);
      if (isReady) processes.remember(pid);
      return isReady;
    },
    onExit() {
      const left = processes.killLeft();
      if (left > 0) log(`killed ${left} processes that PostgreSQL had left`);
    },
  });
  const gateway = new RestartedProcess({
    name: 'FerretDB',
    log,
    onGivenUp,
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

/** Creates the folders of a new data folder. The database in it is a copy of the installed template. */
async function prepareFolders({ home, dbpath, durable }: LauncherOptions): Promise<PostgresFolders> {
  const folders = { root: join(home, 'root'), data: join(dbpath, 'pg'), run: join(dbpath, 'run') };
  const { uid, gid } = await readPostgresOwner(folders.root);
  if (!existsSync(folders.data)) {
    const fresh = `${folders.data}.new`;
    await rm(fresh, { recursive: true, force: true });
    await runProgram('cp', ['-a', '--reflink=auto', join(home, 'template'), fresh]);
    // Recovery starts from these files, so they must be on the disk before the first write is acknowledged.
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
  // Relative to the working folder: a socket's path is limited to about a hundred characters, a data folder's is not.
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
