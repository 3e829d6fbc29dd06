/** Storage for React Native and Node: `import { sqliteStorage } from '@parley/client/sqlite'`. */
export {
  sqliteStorage,
  type AsyncSqliteDatabase,
  type PreparedSqliteStatement,
  type PreparingSqliteDatabase,
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteParameter,
  type SqliteRow,
} from './storage/sqlite.js';
