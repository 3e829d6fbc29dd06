import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheDir } from './nodeRuntime.mjs';
import { step } from './progress.mjs';
import { mustRun } from './run.mjs';

/** The project of the app for phones. Its packages are not among those of the repository: they are many. */
export const NATIVE_APP = resolve('app/native');
const MANIFESTS = ['package.json', 'package-lock.json'];
/** Expo asks nobody and answers no questions. */
export const QUIETLY = { EXPO_NO_TELEMETRY: '1', EXPO_OFFLINE: '1', CI: '1' };
export const EXPO = join(NATIVE_APP, 'node_modules/expo/bin/cli');

/**
 * Installs the packages of the app for phones into the cache folder, once for all checkouts, and links to them.
 *
 * @throws when the packages cannot be installed
 */
export async function ensureExpo() {
  const hash = createHash('sha256').update(process.version);
  for (const name of MANIFESTS) hash.update(readFileSync(join(NATIVE_APP, name)));
  const folder = join(cacheDir(), `expo-${hash.digest('hex').slice(0, 12)}`);
  if (!existsSync(folder)) {
    mkdirSync(cacheDir(), { recursive: true });
    await step('Installing Expo (some 500 packages, once)', () => install(folder));
  }
  const link = join(NATIVE_APP, 'node_modules');
  // A folder that somebody has installed there by hand is replaced, too.
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined)
    rmSync(link, { recursive: true, force: true });
  symlinkSync(join(folder, 'node_modules'), link, 'junction');
}

/** Installs into a temporary folder and renames it, so that a killed installation leaves nothing incomplete. */
async function install(folder) {
  const unfinished = mkdtempSync(`${folder}-unfinished-`);
  try {
    for (const name of MANIFESTS) copyFileSync(join(NATIVE_APP, name), join(unfinished, name));
    await mustRun('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: unfinished });
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
