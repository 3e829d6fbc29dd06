import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openEmbeddedDatabase } from '../../tools/embedded-database/index.js';

/** One database server for the whole run, fast and forgetful; every test server has a database of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-run-'));
  const database = await openEmbeddedDatabase({
    dataDir,
    durable: false,
    lingerMs: 0,
    onProgress: (line) => console.log(`› ${line}`),
  });
  project.provide('mongoUri', database.uri);
  return async () => {
    await database.release();
    // The database writes on for the moment that it takes to stop.
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  };
}
