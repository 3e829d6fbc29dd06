import { openSqlite, type SqliteDatabase } from './sqliteDriver.js';
import { SerialQueue } from './serialQueue.js';
import type { ParleyStorage, StorageArea, StorageCollection, StorageEntry, StorageWrite } from './storage.js';
import { toAscending } from './keyOrder.js';

export type {
  AsyncSqliteDatabase,
  PreparedSqliteStatement,
  PreparingSqliteDatabase,
  SqliteDatabase,
  SqliteDriver,
  SqliteParameter,
  SqliteRow,
} from './sqliteDriver.js';

/**
 * Writes go through a view with a trigger, so that any number of values to set and to remove is one statement. SQLite applies
 * a statement completely or not at all, also when other statements of the app run on the same connection in between.
 * Two calls on one connection therefore need no transaction, which asynchronous drivers would let others step into.
 */
const SCHEMA = [
  'PRAGMA busy_timeout = 5000',
  'PRAGMA journal_mode = WAL',
  `CREATE TABLE IF NOT EXISTS parley_entries (
    userId TEXT NOT NULL, collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (userId, collection, key)
  )`,
  `CREATE VIEW IF NOT EXISTS parley_writes AS SELECT userId, collection, key, value FROM parley_entries`,
  `CREATE TRIGGER IF NOT EXISTS parley_write INSTEAD OF INSERT ON parley_writes BEGIN
    DELETE FROM parley_entries
      WHERE NEW.value IS NULL AND userId = NEW.userId AND collection = NEW.collection AND key = NEW.key;
    INSERT INTO parley_entries (userId, collection, key, value)
      SELECT NEW.userId, NEW.collection, NEW.key, NEW.value WHERE NEW.value IS NOT NULL
      ON CONFLICT (userId, collection, key) DO UPDATE SET value = excluded.value;
  END`,
];

const WRITE = `INSERT INTO parley_writes (userId, collection, key, value)
  SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)`;
const READ_ALL = `SELECT key, value FROM parley_entries WHERE userId = ? AND collection = ? ORDER BY key`;
const READ_MANY = `SELECT key, value FROM parley_entries
  WHERE userId = ? AND collection = ? AND key IN (SELECT value FROM json_each(?)) ORDER BY key`;
const CLEAR = `DELETE FROM parley_entries WHERE userId = ?`;
const CLEAR_SOME = `${CLEAR} AND collection IN (SELECT value FROM json_each(?))`;
const LIST_USERS = `SELECT DISTINCT userId FROM parley_entries`;

/**
 * Storage in a SQLite database: `expo-sqlite`, `better-sqlite3`, `node:sqlite`, or any other by a `SqliteDriver`. Needs SQLite
 * 3.38 or newer (2022). Give it a database of its own; it creates a table, a view and a trigger whose names begin with
 * `parley_`, and switches the database to write-ahead logging. The app opens and closes the database.
 *
 * @example
 * const storage = sqliteStorage(() => SQLite.openDatabaseAsync('parley.db'));
 */
export function sqliteStorage(
  database: SqliteDatabase | (() => SqliteDatabase | Promise<SqliteDatabase>),
): ParleyStorage {
  const connection = new SqliteConnection(database);
  return {
    open: (userId) => connection.run(() => Promise.resolve(new SqliteArea(connection, userId))),
    listUserIds: async () => {
      const rows = await connection.run((driver) => driver.all(LIST_USERS, []));
      return rows.map((row) => textOf(row['userId']));
    },
  };
}

type Driver = ReturnType<typeof openSqlite>;

/** One statement at a time, in the order of the calls; opens the database with the first one, and again after a failure. */
class SqliteConnection {
  readonly #queue = new SerialQueue();
  #driver: Driver | undefined;

  constructor(readonly database: SqliteDatabase | (() => SqliteDatabase | Promise<SqliteDatabase>)) {}

  run<Result>(work: (driver: Driver) => Promise<Result>): Promise<Result> {
    return this.#queue.add(async () => work(await this.#open()));
  }

  async #open(): Promise<Driver> {
    if (this.#driver !== undefined) return this.#driver;
    const driver = openSqlite(typeof this.database === 'function' ? await this.database() : this.database);
    for (const statement of SCHEMA) await driver.exec(statement);
    this.#driver = driver;
    return driver;
  }
}

class SqliteArea implements StorageArea {
  constructor(
    readonly connection: SqliteConnection,
    readonly userId: string,
  ) {}

  async readAll(collection: StorageCollection): Promise<StorageEntry[]> {
    return this.#read(READ_ALL, [this.userId, collection]);
  }

  async readMany(collection: StorageCollection, keys: readonly string[]): Promise<StorageEntry[]> {
    return keys.length === 0 ? [] : this.#read(READ_MANY, [this.userId, collection, JSON.stringify(keys)]);
  }

  async write(writes: readonly StorageWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const rows = writes.map(({ collection, key, value }) => [collection, key, value ?? null]);
    await this.connection.run((driver) => driver.run(WRITE, [this.userId, JSON.stringify(rows)]));
  }

  async clear(collections?: readonly StorageCollection[]): Promise<void> {
    await this.connection.run((driver) =>
      collections === undefined
        ? driver.run(CLEAR, [this.userId])
        : driver.run(CLEAR_SOME, [this.userId, JSON.stringify(collections)]),
    );
  }

  /** The database belongs to the app. Waits for writes that are under way. */
  async close(): Promise<void> {
    await this.connection.run(() => Promise.resolve());
  }

  async #read(sql: string, parameters: string[]): Promise<StorageEntry[]> {
    const rows = await this.connection.run((driver) => driver.all(sql, parameters));
    return toAscending(rows.map((row) => ({ key: textOf(row['key']), value: textOf(row['value']) })));
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`SQLite returned ${typeof value} instead of text`);
}
