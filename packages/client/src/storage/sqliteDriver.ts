export type SqliteParameter = string | null;
export type SqliteRow = Record<string, unknown>;

/** The port to any other SQLite library. Each method may answer at once or with a promise. */
export interface SqliteDriver {
  /** Runs one statement without parameters; rows that it returns are not needed. */
  exec: (sql: string) => unknown;
  /** Runs one statement with positional parameters (`?`). */
  run: (sql: string, parameters: SqliteParameter[]) => unknown;
  /** Returns all rows of one statement as objects by column name. */
  all: (sql: string, parameters: SqliteParameter[]) => SqliteRow[] | Promise<SqliteRow[]>;
}

/** A database of `expo-sqlite` (`openDatabaseAsync`). */
export interface AsyncSqliteDatabase {
  execAsync: (sql: string) => Promise<unknown>;
  runAsync: (sql: string, parameters: SqliteParameter[]) => Promise<unknown>;
  getAllAsync: (sql: string, parameters: SqliteParameter[]) => Promise<unknown[]>;
}

/**
 * Methods, not properties: their parameters are compared in both directions. The types of `better-sqlite3` infer a statement with
 * one parameter, which is no text or null.
 */
export interface PreparedSqliteStatement {
  run(...parameters: SqliteParameter[]): unknown;
  all(...parameters: SqliteParameter[]): unknown[];
}

/** A database of `better-sqlite3` (`new Database(path)`) or `node:sqlite` (`new DatabaseSync(path)`). */
export interface PreparingSqliteDatabase {
  exec: (sql: string) => unknown;
  prepare: (sql: string) => PreparedSqliteStatement;
}

export type SqliteDatabase = SqliteDriver | AsyncSqliteDatabase | PreparingSqliteDatabase;

interface OpenDriver {
  exec: (sql: string) => Promise<void>;
  run: (sql: string, parameters: SqliteParameter[]) => Promise<void>;
  all: (sql: string, parameters: SqliteParameter[]) => Promise<SqliteRow[]>;
}

/** Returns one asynchronous form of each kind of database. */
export function openSqlite(database: SqliteDatabase): OpenDriver {
  const { exec, run, all } = toDriver(database);
  return {
    exec: async (sql) => {
      await exec(sql);
    },
    run: async (sql, parameters) => {
      await run(sql, parameters);
    },
    all: async (sql, parameters) => all(sql, parameters),
  };
}

function toDriver(database: SqliteDatabase): SqliteDriver {
  if ('getAllAsync' in database)
    return {
      exec: (sql) => database.execAsync(sql),
      run: (sql, parameters) => database.runAsync(sql, parameters),
      all: async (sql, parameters) => (await database.getAllAsync(sql, parameters)).map(toRow),
    };
  if ('prepare' in database)
    return {
      exec: (sql) => database.exec(sql),
      run: (sql, parameters) => database.prepare(sql).run(...parameters),
      all: (sql, parameters) =>
        database
          .prepare(sql)
          .all(...parameters)
          .map(toRow),
    };
  return {
    exec: (sql) => database.exec(sql),
    run: (sql, parameters) => database.run(sql, parameters),
    all: (sql, parameters) => database.all(sql, parameters),
  };
}

function toRow(row: unknown): SqliteRow {
  if (typeof row === 'object' && row !== null) return { ...row };
  throw new TypeError('SQLite rows must be objects by column name');
}
