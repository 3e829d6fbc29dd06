import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, listInNamespace, mountNamespaceOf, signalProcess } from './processes.js';

/** Folders of the package-built database's PostgreSQL. */
export interface PostgresFolders {
  /** The Debian system that PostgreSQL is installed in. */
  root: string;
  data: string;
  /** Contains PostgreSQL's Unix socket, the only address it listens on. Folder permissions restrict access to it. */
  run: string;
}

/**
 * PostgreSQL is from a newer Debian than the machine's, so it runs in a root folder of its own (`chroot`) and in a private
 * mount namespace: other processes do not see its mounts, several databases can share the root, and nothing stays mounted.
 * `--pdeathsig` ends PostgreSQL with its parent, however the parent dies (SIGINT is its fast shutdown, which writes
 * everything). It comes last, because a change of user clears it.
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

/** Settings for a developer's machine: little memory, and about a second of recovery after a crash. */
const SETTINGS = {
  ...EXTENSION,
  listen_addresses: '',
  unix_socket_directories: '/mnt',
  // The extension and its jobs (expiry, index builds) connect to their own server: by its socket, not by TCP.
  'documentdb.localhost_connection_string': 'host=/mnt',
  'cron.use_background_workers': 'on',
  max_worker_processes: '24',
  // A job runs every two seconds: logging each run would fill the log and a table.
  'cron.log_run': 'off',
  'cron.log_statement': 'off',
  max_connections: '100',
  shared_buffers: '256MB',
  // With bitmap scans the planner sorts whole result sets although an index has the order.
  enable_bitmapscan: 'off',
  jit: 'off',
  // No replication. The sizes bound the log that recovery reads.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  checkpoint_timeout: '5min',
  // Unique indexes are exclusion constraints here, so two simultaneous inserts of one key wait for each other. The
  // default would let both wait a second before the deadlock is resolved.
  deadlock_timeout: '20ms',
  // The gateway reports refused writes. In this log their text would contain chat messages.
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/** An acknowledged write is on the disk. Set explicitly instead of relying on defaults. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
/** For tests only: a crash of the machine may lose acknowledged writes, and nothing is tidied up. */
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' };

type Stdio = 'pipe' | number;

/** Starts a program inside the root as user `postgres`, with the data folder at `/data`. */
function spawnInside(folders: PostgresFolders, command: readonly string[], stdio: Stdio): ChildProcess {
  const { root, data, run } = folders;
  return spawn('unshare', ['-m', 'sh', '-ec', ENTER_ROOT, 'enter-root', root, data, run, ...command], {
    stdio: [stdio === 'pipe' ? 'pipe' : 'ignore', stdio, stdio],
  });
}

const asArguments = (settings: Record<string, string>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Starts the PostgreSQL server. The child's pid is the postmaster's pid. */
export function spawnPostgres(folders: PostgresFolders, durable: boolean, logFd: number): ChildProcess {
  const settings = { ...SETTINGS, ...(durable ? DURABLE : NOT_DURABLE) };
  return spawnInside(folders, [`${BIN}/postgres`, '-D', '/data', ...asArguments(settings)], logFd);
}

/** True when the server with this pid accepts connections, according to the data folder's `postmaster.pid`. */
export async function isPostgresReady(data: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

/**
 * The processes of a PostgreSQL server. When its postmaster is killed, the others end by themselves, but the scheduler of the
 * extension's jobs sometimes does not: it then uses a whole core for ever, and keeps the memory that it shared, without which
 * no other server starts on the data folder.
 */
export class PostgresProcesses {
  #namespace: string | undefined;

  /** Remembers by their mount namespace which processes belong to a postmaster that is ready. */
  remember(postmaster: number | undefined): void {
    const namespace = postmaster === undefined ? undefined : mountNamespaceOf(postmaster);
    if (namespace !== mountNamespaceOf('self')) this.#namespace = namespace;
  }

  /** Kills those that are left after the end of the postmaster. @returns their number */
  killLeft(): number {
    const left = this.#namespace === undefined ? [] : listInNamespace(this.#namespace).map(identify);
    this.#namespace = undefined;
    for (const one of left) signalProcess(one, 'SIGKILL');
    return left.length;
  }
}

/** Creates an empty database with the extension in an empty data folder. */
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

/** Numeric user and group of `postgres` inside the root. They own the data folder. */
export async function readPostgresOwner(root: string): Promise<{ uid: number; gid: number }> {
  const users = await readFile(join(root, 'etc/passwd'), 'utf8');
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`${root}/etc/passwd has no user postgres`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Runs a program inside the root until it exits. @throws with the end of its output when the exit code is not 0. */
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
