import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DryMongoBinary, MongoBinary } from 'mongodb-memory-server';
import { cacheDir, findProgram, namedMongod } from './environment.js';
import { EmbeddedDatabaseUnavailableError } from './errors.js';
import { MONGOD_VERSION } from './mongodVersion.js';
import { findPackageBuilt, installPackageBuilt } from './packageBuilt.js';
import { timed } from './run.js';

/** What runs the embedded database: a real mongod, or the compatible one from packages. */
export interface Engine {
  kind: 'mongod' | 'ferretdb';
  binary: string;
}

const downloadDir = (): string => join(cacheDir(), 'mongod');

type Progress = (line: string) => void;

/** A download site that could not be reached is not asked again for this long. */
const ASK_AGAIN_MS = 24 * 60 * 60 * 1_000;

/**
 * Chooses what runs a data folder: what ran it before (the formats differ), else a mongod that is there, else the
 * package-built one that is there, else a mongod that can be downloaded, else one built from packages.
 *
 * @throws EmbeddedDatabaseUnavailableError when none of these can be had.
 */
export async function chooseEngine(databaseDir: string, onProgress: Progress): Promise<Engine> {
  const marker = join(databaseDir, 'engine');
  const before = await readFile(marker, 'utf8').catch(() => undefined);
  const engine = await findEngine(before?.trim(), onProgress);
  if (before === undefined) await writeFile(marker, `${engine.kind}\n`);
  return engine;
}

/** What a new data folder would run with, installed if need be. */
export const prepareEngine = (onProgress: Progress): Promise<Engine> => findEngine(undefined, onProgress);

async function findEngine(before: string | undefined, onProgress: Progress): Promise<Engine> {
  if (before !== 'ferretdb') {
    const mongod = await findMongod();
    if (mongod !== undefined) return { kind: 'mongod', binary: mongod };
  }
  if (before !== 'mongod') {
    const built = await findPackageBuilt();
    if (built !== undefined) return { kind: 'ferretdb', binary: built };
  }
  if (before !== 'ferretdb') {
    const downloaded = await downloadMongod(onProgress);
    if (downloaded !== undefined) return { kind: 'mongod', binary: downloaded };
  }
  if (before === 'mongod')
    throw new EmbeddedDatabaseUnavailableError('this data folder was written by a mongod');
  return { kind: 'ferretdb', binary: await installPackageBuilt(onProgress) };
}

async function findMongod(): Promise<string | undefined> {
  const named = namedMongod();
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new EmbeddedDatabaseUnavailableError(`MONGOMS_SYSTEM_BINARY names ${named}, which is not there`);
  }
  return findProgram('mongod') ?? (await locateDownloaded());
}

/** In our own cache folder, or where the library puts it by default. */
async function locateDownloaded(): Promise<string | undefined> {
  for (const place of [{ downloadDir: downloadDir() }, {}]) {
    const found = await DryMongoBinary.locateBinary({ version: MONGOD_VERSION, ...place }).catch(
      () => undefined,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Undefined where the download site cannot be reached; that is remembered for a day. */
async function downloadMongod(onProgress: Progress): Promise<string | undefined> {
  const failed = join(cacheDir(), 'mongod-download-failed');
  const failedAt = await stat(failed).catch(() => undefined);
  if (failedAt !== undefined && Date.now() - failedAt.mtimeMs < ASK_AGAIN_MS) return undefined;
  try {
    return await timed(onProgress, 'Downloading mongod', () =>
      MongoBinary.getPath({ version: MONGOD_VERSION, downloadDir: downloadDir() }),
    );
  } catch (error) {
    await mkdir(cacheDir(), { recursive: true });
    await writeFile(failed, error instanceof Error ? error.message : String(error));
    onProgress('mongod cannot be downloaded here; a compatible database is built from packages instead');
    return undefined;
  }
}
