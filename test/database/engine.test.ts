import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDir } from '../../tools/embedded-database/machine.js';
import { until } from '../support/until.js';
import { DataFolder, untilGone } from './support.js';

/** The shim of the package-built database: has a mongod's command line, so it can be configured as one. */
const MONGOD = join(cacheDir(), 'ferretdb-v1/shim/mongod');

/** Environment of a machine that has no engine and reaches no download site. */
async function bareMachine(): Promise<Record<string, string>> {
  const cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
  return {
    PATH: cache,
    PARLEY_CACHE_DIR: cache,
    MONGOMS_SYSTEM_BINARY: '',
    MONGOMS_DOWNLOAD_DIR: join(cache, 'downloads'),
    // No server listens there.
    MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:9',
  };
}

test('without any engine the error names three solutions', async () => {
  await using folder = await DataFolder.create();
  const machine = await bareMachine();
  const opened = await folder.openElsewhere(machine).opened;
  const text = 'error' in opened ? opened.error : '';
  expect(text).toMatch(/^EmbeddedDatabaseUnavailableError: /);
  for (const way of ['MONGODB_URI', 'MONGOMS_SYSTEM_BINARY', 'root on Debian with Go'])
    expect(text).toContain(way);
  expect(existsSync(join(machine['PARLEY_CACHE_DIR'] ?? '', 'mongod-download-failed'))).toBe(true);
  await rm(machine['PARLEY_CACHE_DIR'] ?? '', { recursive: true });
});

test('a configured mongod that does not exist is an error: no other engine is used instead', async () => {
  await using folder = await DataFolder.create();
  const opened = await folder.openElsewhere({ MONGOMS_SYSTEM_BINARY: '/nowhere/mongod' }).opened;
  expect(opened).toMatchObject({ error: expect.stringContaining('/nowhere/mongod') as string });
});

test.skipIf(!existsSync(MONGOD))(
  'a configured mongod is used, and the data folder accepts no other engine later',
  async () => {
    await using folder = await DataFolder.create();
    const other = folder.openElsewhere({ MONGOMS_SYSTEM_BINARY: MONGOD });
    expect(await other.opened).toMatchObject({ engine: 'mongod' });
    const client = await folder.connect(await other.uri());
    await client.db('a').collection('b').insertOne({ kept: true });
    const ending = await folder.processes();
    await other.release();
    // While the supervisor lingers, the next user would attach to the database that runs.
    await untilGone(ending);

    const machine = await bareMachine();
    const elsewhere = await folder.openElsewhere(machine).opened;
    expect(elsewhere).toMatchObject({ error: expect.stringContaining('written by a mongod') as string });
    await rm(machine['PARLEY_CACHE_DIR'] ?? '', { recursive: true });
  },
);

test('expired documents are deleted', { timeout: 120_000 }, async () => {
  await using folder = await DataFolder.create();
  const collection = (await folder.connect((await folder.open()).uri)).db('a').collection('b');
  await collection.createIndex({ at: 1 }, { expireAfterSeconds: 1 }, {});
  await collection.insertOne({ at: new Date(Date.now() - 60_000) });
  await until(async () => (await collection.countDocuments()) === 0, {
    ...{ timeoutMs: 100_000, everyMs: 250 },
    what: 'the expiry, which runs once a minute',
  });
});

test('the error of an engine that does not start contains the end of its log', async () => {
  await using folder = await DataFolder.create();
  const cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
  const broken = join(cache, 'mongod');
  await writeFile(broken, '#!/bin/sh\necho broken >&2\nexit 7\n', { mode: 0o755 });
  const opened = await folder.openElsewhere({ MONGOMS_SYSTEM_BINARY: broken }).opened;
  expect(opened).toMatchObject({ error: expect.stringContaining('did not start') as string });
  expect(opened).toMatchObject({ error: expect.stringContaining('code "7"') as string });
  await rm(cache, { recursive: true });
});
