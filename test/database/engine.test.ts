import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDir } from '../../backend/src/database/embedded/environment.js';
import { until } from '../support/until.js';
import { DataFolder } from './support.js';

/** What stands in for a mongod where the database was built from packages: good enough to be given as one. */
const MONGOD = join(cacheDir(), 'ferretdb-v1/shim/mongod');

/** A machine on which nothing is found, and from which nothing is reached. */
async function nakedMachine(): Promise<Record<string, string>> {
  const cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
  return {
    PATH: cache,
    PARLEY_CACHE_DIR: cache,
    MONGOMS_SYSTEM_BINARY: '',
    MONGOMS_DOWNLOAD_DIR: join(cache, 'downloads'),
    // Nobody listens there.
    MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:9',
  };
}

test('a machine that has and reaches no database says so, and names three ways out', async () => {
  await using folder = await DataFolder.create();
  const machine = await nakedMachine();
  const opened = await folder.hold(machine).opened;
  const text = 'error' in opened ? opened.error : '';
  expect(text).toMatch(/^EmbeddedDatabaseUnavailableError: /);
  for (const way of ['MONGODB_URI', 'MONGOMS_SYSTEM_BINARY', 'root on Debian with Go'])
    expect(text).toContain(way);
  expect(existsSync(join(machine['PARLEY_CACHE_DIR'] ?? '', 'mongod-download-failed'))).toBe(true);
  await rm(machine['PARLEY_CACHE_DIR'] ?? '', { recursive: true });
});

test('a mongod that is named and not there is an error, not a reason to take another one', async () => {
  await using folder = await DataFolder.create();
  const opened = await folder.hold({ MONGOMS_SYSTEM_BINARY: '/nowhere/mongod' }).opened;
  expect(opened).toMatchObject({ error: expect.stringContaining('/nowhere/mongod') as string });
});

test.skipIf(!existsSync(MONGOD))('a mongod that is named is used, and the folder stays with it', async () => {
  await using folder = await DataFolder.create();
  const holder = folder.hold({ MONGOMS_SYSTEM_BINARY: MONGOD });
  expect(await holder.opened).toMatchObject({ engine: 'mongod' });
  const client = await folder.connect(await holder.uri());
  await client.db('a').collection('b').insertOne({ kept: true });
  await holder.release();

  const machine = await nakedMachine();
  const elsewhere = await folder.hold(machine).opened;
  expect(elsewhere).toMatchObject({ error: expect.stringContaining('written by a mongod') as string });
  await rm(machine['PARLEY_CACHE_DIR'] ?? '', { recursive: true });
});

test('what is due to expire goes by itself', { timeout: 120_000 }, async () => {
  await using folder = await DataFolder.create();
  const collection = (await folder.connect((await folder.open()).uri)).db('a').collection('b');
  await collection.createIndex({ at: 1 }, { expireAfterSeconds: 1 }, {});
  await collection.insertOne({ at: new Date(Date.now() - 60_000) });
  await until(async () => (await collection.countDocuments()) === 0, {
    ...{ timeoutMs: 100_000, everyMs: 250 },
    what: 'the expiry, which is looked after once a minute',
  });
});

test('an engine that does not start is told with the end of its log', async () => {
  await using folder = await DataFolder.create();
  const cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
  const broken = join(cache, 'mongod');
  await writeFile(broken, '#!/bin/sh\necho broken >&2\nexit 7\n', { mode: 0o755 });
  const opened = await folder.hold({ MONGOMS_SYSTEM_BINARY: broken }).opened;
  expect(opened).toMatchObject({ error: expect.stringContaining('did not start') as string });
  expect(opened).toMatchObject({ error: expect.stringContaining('code "7"') as string });
  await rm(cache, { recursive: true });
});
