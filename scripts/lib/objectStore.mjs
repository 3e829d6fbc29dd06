import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './nodeRuntime.mjs';
import { step } from './progress.mjs';
import { mustRun } from './run.mjs';

/** A server with the S3 protocol over a folder. It checks signatures, sizes, types and expiry as S3 does. */
const PACKAGE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const FOLDER = 'versitygw-v1.8.0';

/**
 * Returns the path of the S3-compatible server for the tests. Builds it into the cache folder if there is none, which takes
 * Go a few minutes, once. Undefined, with a line that says so, where that is impossible: tests that need it are left out.
 */
export async function ensureObjectStore() {
  const program = process.env.VERSITYGW_PATH ?? join(cacheDir(), FOLDER, 'versitygw');
  if (!existsSync(program)) {
    try {
      await step(
        'Compiling an S3-compatible server for the tests (versitygw, by Go; some minutes, once)',
        install,
      );
    } catch (error) {
      process.stderr.write(`› Tests with an S3-compatible server are left out: ${error.message}\n`);
      return undefined;
    }
  }
  process.env.VERSITYGW_PATH = program;
  return program;
}

/** Installs into a temporary folder and renames it, so that a killed or concurrent build leaves nothing incomplete. */
async function install() {
  mkdirSync(cacheDir(), { recursive: true });
  const folder = join(cacheDir(), FOLDER);
  const unfinished = mkdtempSync(`${folder}-unfinished-`);
  try {
    const env = { ...process.env, GOBIN: unfinished };
    // With a lower priority than what is set up at the same time.
    await mustRun('nice', ['-n', '5', 'go', 'install', '-ldflags=-s -w', PACKAGE], { env });
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
