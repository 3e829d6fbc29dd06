import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import lockfile from 'proper-lockfile';
import { EmbeddedDatabaseUnavailableError } from './errors.js';
import { cacheDir, findProgram, isRoot } from './machine.js';
import { MONGOD_VERSION } from './mongodVersion.js';
import { createPostgresData, readPostgresOwner } from './postgres.js';
import { runProgram, timed } from './runProgram.js';

type Progress = (line: string) => void;

const GATEWAY = 'github.com/FerretDB/FerretDB/v2/cmd/ferretdb@v2.7.0';
const ENGINE = 'postgresql-18-documentdb';
/** Debian release that contains the engine's package. */
const SUITE = 'forky';
/** Version of the installed files. Increase it when they change, so that an older installation is not used. */
const LAYOUT = 'v1';

const installDir = (): string => join(cacheDir(), `ferretdb-${LAYOUT}`);

/**
 * Script with mongod's command line, which starts `launcher.ts`. The supervisor passes the launcher's path in the
 * environment (see `engineRunner.ts`). `--pdeathsig` ends the launcher with its parent.
 */
const SHIM = `#!/bin/sh
if [ "$1" = --version ]; then echo 'db version v${MONGOD_VERSION}'; exit 0; fi
home=$(cd "$(dirname "$0")/.." && pwd)
exec setpriv --pdeathsig=TERM -- "$PARLEY_NODE" "$PARLEY_LAUNCHER" --home "$home" "$@"
`;

const shimIn = (dir: string): string => join(dir, 'shim/mongod');

/** Returns the installed shim, updated to this version. Undefined when the package-built database is not installed. */
export async function findPackageBuilt(): Promise<string | undefined> {
  const dir = installDir();
  if (!existsSync(join(dir, 'template'))) return undefined;
  const current = await readFile(shimIn(dir), 'utf8').catch(() => '');
  if (current !== SHIM) await writeShim(dir);
  return shimIn(dir);
}

/**
 * Builds a MongoDB-compatible database in the cache folder: FerretDB is compiled by Go, PostgreSQL with the DocumentDB
 * extension comes from Debian packages. A lock makes concurrent installations wait for the first one.
 *
 * @returns the shim.
 * @throws EmbeddedDatabaseUnavailableError when this machine lacks a requirement, or the installation fails.
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
  // A fixed name, protected by the lock: the remains of a killed installation are found and removed.
  const dir = `${installDir()}.new`;
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  try {
    // Waits for both even when one fails: the folder is removed only when neither writes into it any more.
    const results = await Promise.allSettled([
      installGateway(dir, onProgress),
      installEngine(dir, mirror, onProgress),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await writeShim(dir);
    await timed(onProgress, 'Preparing an empty database', () => makeTemplate(dir));
    await rename(dir, installDir());
    return shimIn(installDir());
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Creates the empty database with the extension that is copied into every new data folder. */
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

/** @returns the Debian mirror of this machine. @throws EmbeddedDatabaseUnavailableError when a requirement is missing. */
async function requireTools(): Promise<string> {
  if (!isRoot())
    throw new EmbeddedDatabaseUnavailableError(
      'this machine has no mongod, and building a database needs root',
    );
  for (const tool of ['go', 'apt-get', 'unshare', 'setpriv']) {
    if (findProgram(tool) === undefined)
      throw new EmbeddedDatabaseUnavailableError(
        `this machine has no mongod, and building a database needs ${tool}`,
      );
  }
  // Root in a container may lack the permission to mount.
  await runProgram('unshare', ['-m', 'true']).catch(() => {
    throw new EmbeddedDatabaseUnavailableError(
      'this machine has no mongod, and building a database needs the permission to mount (unshare -m)',
    );
  });
  const mirror = await findMirror();
  if (mirror === undefined)
    throw new EmbeddedDatabaseUnavailableError('the sources of apt contain no Debian mirror');
  return mirror;
}

/** The first address in apt's sources that ends with `/debian`. */
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

async function writeShim(dir: string): Promise<void> {
  const file = shimIn(dir);
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, SHIM);
  await chmod(fresh, 0o755);
  await rename(fresh, file);
}
