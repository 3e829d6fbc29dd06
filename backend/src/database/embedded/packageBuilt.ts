import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import lockfile from 'proper-lockfile';
import { cacheDir, findProgram, isRoot } from './environment.js';
import { EmbeddedDatabaseUnavailableError } from './errors.js';
import { MONGOD_VERSION } from './mongodVersion.js';
import { createPostgresData, readPostgresOwner } from './postgres.js';
import { runProgram, timed } from './run.js';

type Progress = (line: string) => void;

const GATEWAY = 'github.com/FerretDB/FerretDB/v2/cmd/ferretdb@v2.7.0';
const ENGINE = 'postgresql-18-documentdb';
/** Debian's release that has the engine's package. */
const SUITE = 'forky';
/** Counts up when what is installed changes, so that an older one is not taken for it. */
const LAYOUT = 'v1';

const installDir = (): string => join(cacheDir(), `ferretdb-${LAYOUT}`);

/**
 * What stands in for a mongod. The program behind it comes with this code (the keeper says where, see engineRunner.ts),
 * and ends with whoever started it.
 */
const SHIM = `#!/bin/sh
if [ "$1" = --version ]; then echo 'db version v${MONGOD_VERSION}'; exit 0; fi
home=$(cd "$(dirname "$0")/.." && pwd)
exec setpriv --pdeathsig=TERM -- "$PARLEY_NODE" "$PARLEY_LAUNCHER" --home "$home" "$@"
`;

const launcherOf = (dir: string): string => join(dir, 'shim/mongod');

/** The launcher of the package-built database, if it is installed. Rewritten, so that it is this version's. */
export async function findPackageBuilt(): Promise<string | undefined> {
  const dir = installDir();
  if (!existsSync(join(dir, 'template'))) return undefined;
  const current = await readFile(launcherOf(dir), 'utf8').catch(() => '');
  if (current !== SHIM) await writeLauncher(dir);
  return launcherOf(dir);
}

/**
 * Builds a MongoDB-compatible database from packages: FerretDB by Go, PostgreSQL with the DocumentDB extension from
 * Debian, side by side, into the cache folder. Two that install at once wait for each other.
 *
 * @returns the launcher.
 * @throws EmbeddedDatabaseUnavailableError where this machine lacks what it needs.
 */
export async function installPackageBuilt(onProgress: Progress): Promise<string> {
  const mirror = await requireTools();
  await mkdir(cacheDir(), { recursive: true });
  const release = await lockfile.lock(cacheDir(), {
    lockfilePath: join(cacheDir(), 'install.lock'),
    stale: 30_000,
    update: 5_000,
    retries: { retries: 600, minTimeout: 1_000, maxTimeout: 1_000 },
  });
  try {
    return (await findPackageBuilt()) ?? (await install(mirror, onProgress));
  } catch (error) {
    throw new EmbeddedDatabaseUnavailableError(error instanceof Error ? error.message : String(error));
  } finally {
    await release();
  }
}

async function install(mirror: string, onProgress: Progress): Promise<string> {
  // One name, for whoever holds the lock: what a killed installation left is found and removed.
  const dir = `${installDir()}.new`;
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  try {
    // Both to their ends, also when one fails: nobody may write into a folder that is being removed.
    const results = await Promise.allSettled([
      installGateway(dir, onProgress),
      installEngine(dir, mirror, onProgress),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await writeLauncher(dir);
    await timed(onProgress, 'Preparing an empty database', () => makeTemplate(dir));
    await rename(dir, installDir());
    return launcherOf(installDir());
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** An empty database with the extension, to be copied for every new data folder. */
async function makeTemplate(dir: string): Promise<void> {
  const folders = { root: join(dir, 'root'), data: join(dir, 'template'), run: join(dir, 'run') };
  const { uid, gid } = await readPostgresOwner(folders.root);
  await mkdir(join(folders.root, 'data'), { recursive: true });
  for (const folder of [folders.data, folders.run]) {
    await mkdir(folder, { mode: 0o700 });
    await chown(folder, uid, gid);
  }
  await createPostgresData(folders);
  await rm(folders.run, { recursive: true });
}

const installGateway = (dir: string, onProgress: Progress): Promise<void> =>
  timed(onProgress, 'Compiling the database gateway (FerretDB, by Go; about a minute and a half)', () =>
    runProgram('go', ['install', '-trimpath', GATEWAY], { GOBIN: dir }),
  );

async function installEngine(dir: string, mirror: string, onProgress: Progress): Promise<void> {
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if (findProgram('mmdebstrap') === undefined) {
    await timed(onProgress, 'Installing mmdebstrap (a Debian package)', async () => {
      await runProgram('apt-get', ['update', '-qq'], quiet);
      await runProgram('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'mmdebstrap'], quiet);
    });
  }
  await timed(onProgress, 'Installing the database engine (PostgreSQL with DocumentDB; about a minute)', () =>
    runProgram(
      'mmdebstrap',
      [
        '--variant=apt',
        '--mode=root',
        `--include=${ENGINE}`,
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=APT::Install-Recommends "false"',
        SUITE,
        join(dir, 'root'),
        `deb ${mirror} ${SUITE} main`,
      ],
      quiet,
    ),
  );
}

/** @returns the Debian mirror that this machine uses. @throws EmbeddedDatabaseUnavailableError. */
async function requireTools(): Promise<string> {
  if (!isRoot()) throw new EmbeddedDatabaseUnavailableError('no mongod here, and building one needs root');
  for (const tool of ['go', 'apt-get', 'unshare', 'setpriv']) {
    if (findProgram(tool) === undefined)
      throw new EmbeddedDatabaseUnavailableError(`no mongod here, and building one needs ${tool}`);
  }
  // A container may be root and still not be allowed to mount.
  await runProgram('unshare', ['-m', 'true']).catch(() => {
    throw new EmbeddedDatabaseUnavailableError('no mongod here, and this root may not mount (unshare -m)');
  });
  const mirror = await findMirror();
  if (mirror === undefined)
    throw new EmbeddedDatabaseUnavailableError('no Debian mirror in the sources of apt');
  return mirror;
}

/** The first address in apt's own sources that ends like a Debian archive's. */
async function findMirror(): Promise<string | undefined> {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(await readdir(folder).catch(() => [])).map((name) => join(folder, name)),
  ];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => !line.trimStart().startsWith('#'));
  return lines.flatMap((line) => line.match(/https?:\/\/\S+\/debian\/?(?=\s|$)/g) ?? [])[0];
}

async function writeLauncher(dir: string): Promise<void> {
  const file = launcherOf(dir);
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, SHIM);
  await chmod(fresh, 0o755);
  await rename(fresh, file);
}
