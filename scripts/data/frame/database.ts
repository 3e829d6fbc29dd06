import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadEnvFile } from 'node:process';
import type mongoose from 'mongoose';
import { readConfig, type Config } from '../../../backend/src/config.js';
import { indexedModels } from '../../../backend/src/database/indexes.js';
import { connectDatabase, type Database } from '../../../backend/src/database/connect.js';
import { createModels } from '../../../backend/src/models/index.js';
import { databaseDirOf, openEmbeddedDatabase } from '../../../tools/embedded-database/index.js';
import { CannotRun } from './taskErrors.js';

/** Name, address and size of the database a command works on. */
export interface DatabaseFacts {
  name: string;
  /** Hosts, or the folder of an embedded database. Never a user, a password or an option of the connection string. */
  address: string;
  /** Number of conversations in use. */
  conversations: number;
  /** Number of merged or split conversations. They redirect to the conversations that replaced them. */
  ended: number;
  /** Number of documents in `messages`: all log entries, including those of redirected conversations. */
  messages: number;
}

/**
 * Thrown when the database or an import source is missing or empty.
 * The most likely cause is a misspelt name. Has an exit code of its own (`EXIT.nothingThere`).
 */
export class NothingThere extends CannotRun {}

const MAX_COUNT_MS = 3_000;
export const ALLOW_EMPTY = '--allow-empty';
const ALLOW_EMPTY_HINT = `If this is intended, add ${ALLOW_EMPTY}.`;

/** Returns the hosts as the driver parsed them. The connection string itself is never shown: it may hold a password. */
export function hostsOf({ options }: Pick<mongoose.mongo.MongoClient, 'options'>): string {
  const { hosts, srvHost } = options;
  return srvHost === undefined ? `mongodb://${hosts.map(String).join(',')}` : `mongodb+srv://${srvHost}`;
}

/** Returns name and address of the connected database. */
export const placeOf = (connection: mongoose.Connection): Pick<DatabaseFacts, 'name' | 'address'> => ({
  name: connection.name,
  address: hostsOf(connection.getClient()),
});

/** Number of documents: exact when counting takes at most 3 s, otherwise the estimate of the database. */
const count = (collection: mongoose.Collection): Promise<number> =>
  collection.countDocuments({}, { maxTimeMS: MAX_COUNT_MS }).catch(() => collection.estimatedDocumentCount());

/** Counts conversations and messages. @param folder data folder of an embedded database. */
export async function readDatabaseFacts(
  connection: mongoose.Connection,
  folder?: string,
): Promise<DatabaseFacts> {
  const [all, ended, messages] = await Promise.all([
    count(connection.collection('conversations')),
    // Served by the sparse index on `mergedInto`. Without the index the count is cut off after 3 s.
    connection
      .collection('conversations')
      .countDocuments({ mergedInto: { $exists: true } }, { maxTimeMS: MAX_COUNT_MS })
      .catch(() => 0),
    count(connection.collection('messages')),
  ]);
  return {
    ...placeOf(connection),
    ...(folder !== undefined && { address: `${folder} (embedded)` }),
    conversations: Math.max(0, all - ended),
    ended,
    messages,
  };
}

/** Returns for example `parley at mongodb://db1:27017`. */
export const describePlace = ({ name, address }: Pick<DatabaseFacts, 'name' | 'address'>): string =>
  `${name} at ${address}`;

/** Returns the first line that every command prints. */
export const describeDatabase = (facts: DatabaseFacts): string => {
  const { conversations, ended, messages } = facts;
  const redirects = ended === 0 ? '' : ` (and ${ended} redirects of merged or split ones)`;
  return `Database ${describePlace(facts)}: ${conversations} conversations${redirects}, ${messages} messages stored.`;
};

/** Creates no collection. @throws NothingThere when the database holds no collection of Parley. */
async function requireParley(connection: mongoose.Connection, facts: DatabaseFacts): Promise<void> {
  const ours = new Set(indexedModels(createModels(connection)).map(({ model }) => model.collection.name));
  const existing = (await connection.listCollections()).map(({ name }) => name);
  if (existing.some((name) => ours.has(name))) return;
  const state =
    existing.length === 0 ? 'is empty' : `holds no collection of Parley, but ${existing.length} others`;
  throw new NothingThere(
    `The database ${describePlace(facts)} ${state}. Are MONGODB_URI, DATABASE_NAME and DATA_DIR right? ${ALLOW_EMPTY_HINT}`,
  );
}

/** A connected database with its configuration and size. */
export interface OpenedDatabase {
  config: Config;
  database: Database;
  facts: DatabaseFacts;
}

/** Connects to `MONGODB_URI`, or to the embedded database of `DATA_DIR`, which stays open until the connection closes. */
async function connect(config: Config): Promise<Database> {
  if (config.MONGODB_URI !== undefined) return connectDatabase(config);
  const embedded = await openEmbeddedDatabase({ dataDir: config.DATA_DIR });
  try {
    const database = await connectDatabase({ ...config, MONGODB_URI: embedded.uri });
    return {
      ...database,
      close: async () => {
        await database.close();
        await embedded.release();
      },
    };
  } catch (error) {
    await embedded.release();
    throw error;
  }
}

/**
 * Opens the server's database, configured by the environment or `.env`, for a command.
 *
 * @throws NothingThere when the database holds nothing of Parley, unless `allowEmpty` is set: connecting would create a
 *   new database.
 */
export async function openDatabase({ allowEmpty }: { allowEmpty: boolean }): Promise<OpenedDatabase> {
  if (existsSync('.env')) loadEnvFile('.env');
  // NODE_ENV=development: a command uses only the database, so production's required token key may be missing.
  const config = readConfig({ ...process.env, NODE_ENV: 'development' });
  const folder = config.MONGODB_URI === undefined ? databaseDirOf(resolve(config.DATA_DIR)) : undefined;
  if (folder !== undefined && !allowEmpty && !existsSync(folder)) {
    throw new NothingThere(`There is no database in ${folder}. Is DATA_DIR right? ${ALLOW_EMPTY_HINT}`);
  }
  const database = await connect(config).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CannotRun(`The database cannot be reached: ${reason}`);
  });
  try {
    const facts = await readDatabaseFacts(database.connection, folder);
    if (!allowEmpty) await requireParley(database.connection, facts);
    return { config, database, facts };
  } catch (error) {
    await database.close();
    throw error;
  }
}
