import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const engineKind = z.enum(['mongod', 'ferretdb']);

/**
 * Content of `DATA_DIR/database/keeper.json`, in which a supervisor describes itself. Only the folder's owner can read it.
 * Earlier versions called the supervisor a keeper: names on disk stay as they are, so that their data folders work.
 */
const supervisorFile = z.object({
  pid: z.int(),
  /** Machine and network namespace of the supervisor: several machines may share a folder. */
  machine: z.string(),
  /** Loopback port to which users stay connected while they need the database. */
  controlPort: z.int(),
  /** First line that a user sends. */
  token: z.string(),
  uri: z.string(),
  /** Port of the database. The next supervisor uses the same one if it is free. */
  port: z.int(),
  engine: engineKind,
  durable: z.boolean(),
  /** Pids of the engine's processes at its last start. The first is the ancestor of the others. */
  enginePids: z.array(z.int()),
  /** Start time of the first of them as the kernel counts it: distinguishes it from a later process with its pid. */
  engineStartedAt: z.string().optional(),
});
export type SupervisorFile = z.infer<typeof supervisorFile>;

/** Messages of a supervisor to a user that sent the token: first `attached`, then the outcome of the engine's start. */
export const supervisorMessage = z.discriminatedUnion('state', [
  z.object({ state: z.literal('attached') }),
  z.object({ state: z.literal('ready'), uri: z.string(), engine: engineKind, durable: z.boolean() }),
  z.object({ state: z.literal('failed'), message: z.string() }),
]);
export type SupervisorMessage = z.infer<typeof supervisorMessage>;

export const databaseDirOf = (dataDir: string): string => join(dataDir, 'database');
export const supervisorLogOf = (databaseDir: string): string => join(databaseDir, 'keeper.log');
const fileOf = (databaseDir: string): string => join(databaseDir, 'keeper.json');

/** Returns undefined when the file does not exist or is invalid. */
export async function readSupervisorFile(databaseDir: string): Promise<SupervisorFile | undefined> {
  try {
    return supervisorFile.parse(JSON.parse(await readFile(fileOf(databaseDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces the file atomically: readers never see a part of it. */
export async function writeSupervisorFile(databaseDir: string, content: SupervisorFile): Promise<void> {
  const draft = `${fileOf(databaseDir)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, fileOf(databaseDir));
}

/** Options of the supervisor program. */
export const supervisorOptions = z.object({
  databaseDir: z.string(),
  kind: engineKind,
  binary: z.string(),
  durable: z.boolean(),
  lingerMs: z.number(),
});
export type SupervisorOptions = z.infer<typeof supervisorOptions>;

/** Exit code of a supervisor that found another one owning the data folder. */
export const OTHER_OWNER = 3;
