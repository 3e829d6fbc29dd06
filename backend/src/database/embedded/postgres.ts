import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a PostgreSQL of the package-built database lives; `root` is the Debian it is installed in. */
export interface PostgresFolders {
  root: string;
  data: string;
  /** Holds its socket: it listens on nothing else, so that whoever cannot enter this folder cannot ask it. */
  run: string;
}

/**
 * PostgreSQL is of a newer Debian than the machine, so it runs in a root folder of its own, and in a private mount
 * namespace: what is mounted for it is seen by it alone, several can share the root, and nothing is left mounted.
 * It ends with its parent, whichever way that ends (SIGINT: at once, but with everything written); set last, because a
 * change of user clears it.
 */
const ENTER_ROOT = `
root=$1 data=$2 run=$3; shift 3
mount --bind "$data" "$root/data"
mount --bind "$run" "$root/mnt"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
exec chroot "$root" /usr/bin/setpriv --reuid=postgres --regid=postgres --init-groups --pdeathsig=INT -- "$@"
`;

const BIN = '/usr/lib/postgresql/18/bin';

const EXTENSION = {
  shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb',
  'cron.database_name': 'postgres',
};

/** For a developer's machine: a small share of its memory, and a recovery after a crash that takes about a second. */
const SETTINGS = {
  ...EXTENSION,
  listen_addresses: '',
  unix_socket_directories: '/mnt',
  // The extension calls its own server, and would go by way of the network; its jobs (expiry, index builds) too.
  'documentdb.localhost_connection_string': 'host=/mnt',
  'cron.use_background_workers': 'on',
  max_worker_processes: '24',
  // Every two seconds a job runs: nobody wants that in the log, and in a table of its own.
  'cron.log_run': 'off',
  'cron.log_statement': 'off',
  max_connections: '100',
  shared_buffers: '256MB',
  // Without it the planner sorts whole result sets where an index has the order.
  enable_bitmapscan: 'off',
  jit: 'off',
  // Nothing is replicated from here. What recovery has to read is bounded by these.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  checkpoint_timeout: '5min',
  // Two inserts for one place at the same instant wait for each other here (its unique indexes are exclusion
  // constraints): the default would let both wait a second before one is told to go on.
  deadlock_timeout: '20ms',
  // Refused writes are the gateway's to report; their text would put messages into the log.
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/** Acknowledged means written to disk: stated, not left to a default. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
const FORGETFUL = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

type Stdio = 'pipe' | number;

/** Starts a program inside the root, as its user `postgres`, with the data folder at `/data`. */
function spawnInside(folders: PostgresFolders, command: readonly string[], stdio: Stdio): ChildProcess {
  const { root, data, run } = folders;
  return spawn('unshare', ['-m', 'sh', '-ec', ENTER_ROOT, 'enter-root', root, data, run, ...command], {
    stdio: [stdio === 'pipe' ? 'pipe' : 'ignore', stdio, stdio],
  });
}

const asArguments = (settings: Record<string, string>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** The server itself; the child's pid is its postmaster's. */
export function spawnPostgres(folders: PostgresFolders, durable: boolean, logFd: number): ChildProcess {
  const settings = { ...SETTINGS, ...(durable ? DURABLE : FORGETFUL) };
  return spawnInside(folders, [`${BIN}/postgres`, '-D', '/data', ...asArguments(settings)], logFd);
}

/** Whether the server of this data folder, with this pid, says of itself that it takes connections. */
export async function isPostgresReady(data: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

/** Makes an empty database with the extension in an empty data folder. */
export async function createPostgresData(folders: PostgresFolders): Promise<void> {
  await runInside(
    folders,
    [`${BIN}/initdb`, '-D', '/data', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '-U', 'postgres'],
    '',
  );
  await runInside(
    folders,
    [`${BIN}/postgres`, '--single', '-D', '/data', ...asArguments(EXTENSION), 'postgres'],
    'create extension documentdb cascade;\n',
  );
}

/** The numeric user and group of `postgres` inside the root: the data folder belongs to them. */
export async function readPostgresOwner(root: string): Promise<{ uid: number; gid: number }> {
  const users = await readFile(join(root, 'etc/passwd'), 'utf8');
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`there is no user postgres in ${root}`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Runs a program inside the root to its end. @throws with what it printed, unless it succeeded. */
function runInside(folders: PostgresFolders, command: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawnInside(folders, command, 'pipe');
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4_000)));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command[0] ?? ''} ended with code ${code ?? 'none'}: ${output.trim()}`));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
