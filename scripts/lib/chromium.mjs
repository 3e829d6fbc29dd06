import { existsSync } from 'node:fs';
import { giveUp, step } from './progress.mjs';
import { mustRun } from './run.mjs';

/** The headless shell first: a window of it costs half of what one of the whole browser costs. */
const PATHS = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const PACKAGES = ['chromium-headless-shell', 'chromium'];

const findChromium = () => process.env.CHROMIUM_PATH ?? PATHS.find((path) => existsSync(path));

/** Returns the path of the browser for the tests of the app. Installs Debian's package if there is none. */
export async function ensureChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  try {
    await step('Installing Chromium for the tests of the app', install);
  } catch (error) {
    giveUp(`The tests of the app need Chromium: install it, or set CHROMIUM_PATH. ${error.message}`);
  }
  return findChromium();
}

/** Installs the first of the packages that this version of Debian has. */
async function install() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-y', '-qq', '--no-install-recommends'];
  await mustRun('apt-get', ['update', '-qq'], { env });
  const failures = [];
  for (const name of PACKAGES) {
    try {
      await mustRun('apt-get', ['install', ...options, name], { env });
      return;
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new Error(failures.join('\n'));
}
