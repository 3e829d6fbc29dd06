import type {
  AsyncSqliteDatabase,
  PreparingSqliteDatabase,
} from '../../../packages/client/src/storage/sqlite.js';

interface OpenDatabase extends PreparingSqliteDatabase {
  close: () => void;
}

/** The SQLite inside Node 22.5 and newer. Undefined in older ones, whose types we compile with. */
const builtIn = process.getBuiltinModule('node:sqlite') as unknown as
  { DatabaseSync: new (path: string) => OpenDatabase } | undefined;

export const hasSqlite = builtIn !== undefined;

export function openDatabase(path: string): OpenDatabase {
  if (builtIn === undefined) throw new Error('this version of Node has no SQLite');
  return new builtIn.DatabaseSync(path);
}

const later = <Result>(work: () => Result): Promise<Result> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });

/** A database with the interface of `expo-sqlite`: each statement runs some time after its call. */
export function asyncDatabase(database: PreparingSqliteDatabase): AsyncSqliteDatabase {
  return {
    execAsync: (sql) => later(() => database.exec(sql)),
    runAsync: (sql, parameters) => later(() => database.prepare(sql).run(...parameters)),
    getAllAsync: (sql, parameters) => later(() => database.prepare(sql).all(...parameters)),
  };
}
