import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DryMongoBinary, MongoBinary } from 'mongodb-memory-server';
import { EmbeddedDatabaseUnavailableError } from './errors.js';
import { cacheDir, configuredMongod, findProgram } from './machine.js';
import { MONGOD_VERSION } from './mongodVersion.js';
import { findPackageBuilt, installPackageBuilt } from './packageBuilt.js';
import { timed } from './runProgram.js';

/** The program that runs the embedded database: a mongod, or the compatible database built from packages. */
export interface Engine {
  kind: 'mongod' | 'ferretdb';
  binary: string;
}

const downloadDir = (): string => join(cacheDir(), 'mongod');

type Progress = (line: string) => void;

/** After a failed download the next attempt waits this long. */
const RETRY_DOWNLOAD_AFTER_MS = 24 * 60 * 60 * 1_000;

/**
 * Chooses the engine of a data folder, in this order: the kind that created the folder (the formats differ); an installed
 * mongod; an installed package-built database; a downloaded mongod; a database built from packages now.
 *
 * @throws EmbeddedDatabaseUnavailableError when none of these is possible.
 */
export async function chooseEngine(databaseDir: string, onProgress: Progress): Promise<Engine> {
  const kindFile = join(databaseDir, 'engine');
  const createdBy = await readFile(kindFile, 'utf8').catch(() => undefined);
  const engine = await findEngine(createdBy?.trim(), onProgress);
  if (createdBy === undefined) await writeFile(kindFile, `${engine.kind}\n`);
  return engine;
}

/** Finds, or installs, the engine that a new data folder would use. */
export const prepareEngine = (onProgress: Progress): Promise<Engine> => findEngine(undefined, onProgress);

async function findEngine(createdBy: string | undefined, onProgress: Progress): Promise<Engine> {
  if (createdBy !== 'ferretdb') {
    const mongod = await findMongod();
    if (mongod !== undefined) return { kind: 'mongod', binary: mongod };
  }
  if (createdBy !== 'mongod') {
    const built = await findPackageBuilt();
    if (built !== undefined) return { kind: 'ferretdb', binary: built };
  }
  if (createdBy !== 'ferretdb') {
    const downloaded = await downloadMongod(onProgress);
    if (downloaded !== undefined) return { kind: 'mongod', binary: downloaded };
  }
  if (createdBy === 'mongod')
    throw new EmbeddedDatabaseUnavailableError('this data folder was written by a mongod');
  return { kind: 'ferretdb', binary: await installPackageBuilt(onProgress) };
}

async function findMongod(): Promise<string | undefined> {
  const configured = configuredMongod();
  if (configured !== undefined) {
    if (existsSync(configured)) return configured;
    throw new EmbeddedDatabaseUnavailableError(
      `MONGOMS_SYSTEM_BINARY names ${configured}, which does not exist`,
    );
  }
  return findProgram('mongod') ?? (await findDownloaded());
}

/** Looks in Parley's cache folder, then in the default folder of `mongodb-memory-server`. */
async function findDownloaded(): Promise<string | undefined> {
  for (const place of [{ downloadDir: downloadDir() }, {}]) {
    const found = await DryMongoBinary.locateBinary({ version: MONGOD_VERSION, ...place }).catch(
      () => undefined,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns undefined when the download site cannot be reached, and remembers that for a day. */
async function downloadMongod(onProgress: Progress): Promise<string | undefined> {
  const failureFile = join(cacheDir(), 'mongod-download-failed');
  const failure = await stat(failureFile).catch(() => undefined);
  if (failure !== undefined && Date.now() - failure.mtimeMs < RETRY_DOWNLOAD_AFTER_MS) return undefined;
  try {
    return await timed(onProgress, 'Downloading mongod', () =>
      MongoBinary.getPath({ version: MONGOD_VERSION, downloadDir: downloadDir() }),
    );
  } catch (error) {
    await mkdir(cacheDir(), { recursive: true });
    await writeFile(failureFile, error instanceof Error ? error.message : String(error));
    onProgress('mongod cannot be downloaded here; a compatible database is built from packages instead');
    return undefined;
  }
}
