import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const engineKind = z.enum(['mongod', 'ferretdb']);

/** What a keeper tells those who want to use its database: `DATA_DIR/database/keeper.json`, readable by its owner. */
const keeperFile = z.object({
  pid: z.int(),
  /** Which machine (and network namespace) the keeper runs on; a folder may be shared by several. */
  machine: z.string(),
  /** Loopback port on which users hold a connection for as long as they need the database. */
  controlPort: z.int(),
  /** What a user has to say first. */
  token: z.string(),
  uri: z.string(),
  /** The database's own port: the next keeper takes the same where it can. */
  port: z.int(),
  engine: engineKind,
  durable: z.boolean(),
  /** The engine's processes at its last start, the first one being the parent of the others. */
  enginePids: z.array(z.int()),
  /** When the first of them started, by the kernel's count: tells it from a later process with its number. */
  engineStartedAt: z.string().optional(),
});
export type KeeperFile = z.infer<typeof keeperFile>;

/** What a keeper says to a user who gave the right token: that it counts him, then whether the database is up. */
export const keeperMessage = z.discriminatedUnion('state', [
  z.object({ state: z.literal('attached') }),
  z.object({ state: z.literal('ready'), uri: z.string(), engine: engineKind, durable: z.boolean() }),
  z.object({ state: z.literal('failed'), message: z.string() }),
]);
export type KeeperMessage = z.infer<typeof keeperMessage>;

export const databaseDirOf = (dataDir: string): string => join(dataDir, 'database');
export const keeperLogOf = (databaseDir: string): string => join(databaseDir, 'keeper.log');
const fileOf = (databaseDir: string): string => join(databaseDir, 'keeper.json');

/** Undefined when there is none, or none that can be read. */
export async function readKeeperFile(databaseDir: string): Promise<KeeperFile | undefined> {
  try {
    return keeperFile.parse(JSON.parse(await readFile(fileOf(databaseDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Written aside and moved: nobody reads half of it. */
export async function writeKeeperFile(databaseDir: string, content: KeeperFile): Promise<void> {
  const fresh = `${fileOf(databaseDir)}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, fileOf(databaseDir));
}

/** What a keeper is started with. */
export const keeperOptions = z.object({
  databaseDir: z.string(),
  kind: engineKind,
  binary: z.string(),
  durable: z.boolean(),
  lingerMs: z.number(),
});
export type KeeperOptions = z.infer<typeof keeperOptions>;

/** How a keeper ends when another one owns the data folder. */
export const OTHER_OWNER = 3;
