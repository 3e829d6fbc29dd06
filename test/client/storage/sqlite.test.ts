import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { storageConformanceTests } from '../../../packages/client/src/storage/conformance.js';
import {
  sqliteStorage,
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteRow,
} from '../../../packages/client/src/storage/sqlite.js';
import type { ParleyStorage } from '../../../packages/client/src/storage/storage.js';
import { bundle } from '../support/bundle.js';
import { asyncDatabase, hasSqlite, openDatabase } from '../support/sqlite.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-sqlite-'));
const opened: { close: () => void }[] = [];
let files = 0;
const newPath = () => join(folder, `${(files += 1)}.db`);
const open = (path: string) => {
  const database = openDatabase(path);
  opened.push(database);
  return database;
};
afterAll(() => {
  for (const database of opened) database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The ways in which an app hands its database over. */
const KINDS: Record<string, (path: string) => SqliteDatabase> = {
  'better-sqlite3 and node:sqlite': open,
  'expo-sqlite': (path) => asyncDatabase(open(path)),
};

const driverOfTheApp = (path: string): SqliteDriver => {
  const database = open(path);
  return {
    exec: (sql) => database.exec(sql),
    run: (sql, parameters) => database.prepare(sql).run(...parameters),
    all: (sql, parameters) => database.prepare(sql).all(...parameters) as SqliteRow[],
  };
};

describe.skipIf(!hasSqlite)('SQLite storage', () => {
  for (const [kind, openKind] of Object.entries(KINDS))
    describe(kind, () => {
      for (const { name, run } of storageConformanceTests)
        it(name, async () => {
          const path = newPath();
          const createStorage = (): ParleyStorage => sqliteStorage(() => openKind(path));
          await run({ createStorage, reopenStorage: createStorage });
        });
    });

  it('takes any other library by a driver of three functions', async () => {
    for (const { name, run } of storageConformanceTests)
      if (/^(values|clear|a value|keys)/.test(name))
        await run({ createStorage: () => sqliteStorage(driverOfTheApp(newPath())) });
  });

  it('two storages of one connection write at the same time, and nothing is lost', async () => {
    const shared = asyncDatabase(open(newPath()));
    for (const { name, run } of storageConformanceTests)
      if (name.startsWith('two handles'))
        await run({ createStorage: () => sqliteStorage(shared), reopenStorage: () => sqliteStorage(shared) });
  });

  it('a database that cannot be opened rejects each call, and is tried again', async () => {
    const path = newPath();
    let isBroken = true;
    const storage = sqliteStorage(() => {
      if (isBroken) throw new Error('disk is full');
      return open(path);
    });
    await expect(storage.open('ada')).rejects.toThrow('disk is full');
    isBroken = false;
    const area = await storage.open('ada');
    await area.write([{ collection: 'outbox', key: 'k', value: 'v' }]);
    expect(await area.readAll('outbox')).toEqual([{ key: 'k', value: 'v' }]);
  });

  it('a write that fails leaves nothing behind, and the next one works', async () => {
    const database = open(newPath());
    const area = await sqliteStorage(database).open('ada');
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON parley_entries WHEN NEW.key = 'third'
      BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
    const writes = ['first', 'second', 'third'].map((key) => ({
      collection: 'outbox' as const,
      key,
      value: 'v',
    }));
    await expect(area.write(writes)).rejects.toThrow('disk is full');
    expect(await area.readAll('outbox')).toEqual([]);
    await area.write(writes.slice(0, 1));
    expect(await area.readAll('outbox')).toEqual([{ key: 'first', value: 'v' }]);
  });

  it('a kill in the middle of a write leaves all of it or nothing, and never less than what was acknowledged', async () => {
    const path = newPath();
    const script = join(folder, 'writer.mjs');
    writeFileSync(script, await bundle('test/client/storage/sqliteWriter.ts', 'node'));
    for (let kill = 0; kill < 4; kill += 1) {
      const acknowledged = await writeUntilKilled(script, path, 5 + kill * 7);
      const database = openDatabase(path);
      const entries = await (await sqliteStorage(database).open('ada')).readAll('outbox');
      database.close();
      const batches = new Set(entries.map(({ value }) => Number.parseInt(value, 10)));
      expect(batches.size).toBe(1);
      expect(Math.max(...batches)).toBeGreaterThanOrEqual(acknowledged);
    }
  });
});

/** Kills the writer some milliseconds after its first write. Returns the last batch that it reported as written. */
async function writeUntilKilled(script: string, path: string, afterMs: number): Promise<number> {
  const writer = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  let isKilled = false;
  writer.stdout.on('data', (text: Buffer) => {
    printed += String(text);
    if (isKilled) return;
    isKilled = true;
    setTimeout(() => writer.kill('SIGKILL'), afterMs);
  });
  await once(writer, 'close');
  // A line that was cut off was not reported.
  return Number(printed.split('\n').slice(0, -1).at(-1) ?? 0);
}
