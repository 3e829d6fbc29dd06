/**
 * Shapes of the databases that `sqliteStorage` takes, as the libraries' own declarations have them. The type check is the test:
 * a narrower port would not take one of them.
 */
import type { sqliteStorage } from '../../../packages/client/src/sqlite.js';

type Accepted = Parameters<typeof sqliteStorage>[0];

/** From @types/better-sqlite3 7.6. */
interface BetterStatement<BindParameters extends unknown[], Result = unknown> {
  run(...params: BindParameters): { changes: number; lastInsertRowid: number | bigint };
  get(...params: BindParameters): Result | undefined;
  all(...params: BindParameters): Result[];
}
interface BetterDatabase {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- as declared there
  prepare<BindParameters extends unknown[] | {} = unknown[], Result = unknown>(
    source: string,
  ): BindParameters extends unknown[]
    ? BetterStatement<BindParameters, Result>
    : BetterStatement<[BindParameters], Result>;
  exec(source: string): this;
}

/** From @types/node 24, `node:sqlite`. */
type NodeValue = null | number | bigint | string | NodeJS.ArrayBufferView;
interface NodeStatement {
  all(...anonymousParameters: NodeValue[]): Record<string, NodeValue>[];
  all(named: Record<string, NodeValue>, ...anonymousParameters: NodeValue[]): Record<string, NodeValue>[];
  run(...anonymousParameters: NodeValue[]): { changes: number | bigint };
  run(named: Record<string, NodeValue>, ...anonymousParameters: NodeValue[]): { changes: number | bigint };
}
interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
}

/** From expo-sqlite 15. */
type ExpoValue = string | number | null | boolean | Uint8Array;
interface ExpoDatabase {
  execAsync(source: string): Promise<void>;
  runAsync(source: string, params: Record<string, ExpoValue> | ExpoValue[]): Promise<{ changes: number }>;
  runAsync(source: string, ...params: ExpoValue[]): Promise<{ changes: number }>;
  getAllAsync<T>(source: string, params: Record<string, ExpoValue> | ExpoValue[]): Promise<T[]>;
  getAllAsync<T>(source: string, ...params: ExpoValue[]): Promise<T[]>;
}

/** From @op-engineering/op-sqlite 11, which needs a driver. */
type OpValue = string | number | boolean | null | ArrayBuffer | ArrayBufferView;
interface OpDatabase {
  execute: (query: string, params?: OpValue[]) => Promise<{ rows: Record<string, OpValue>[] }>;
}

export const betterSqlite = (database: BetterDatabase): Accepted => database;
export const openedBetterSqlite =
  (database: BetterDatabase): Accepted =>
  () =>
    database;
export const nodeSqlite = (database: NodeDatabase): Accepted => database;
export const expoSqlite = (database: ExpoDatabase): Accepted => database;
export const openedExpoSqlite =
  (database: ExpoDatabase): Accepted =>
  () =>
    Promise.resolve(database);
export const opSqlite = (database: OpDatabase): Accepted => ({
  exec: (sql) => database.execute(sql),
  run: (sql, parameters) => database.execute(sql, parameters),
  all: async (sql, parameters) => (await database.execute(sql, parameters)).rows,
});
