import { existsSync } from 'node:fs';
import { giveUp, step } from './progress.mjs';
import { mustRun } from './run.mjs';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where the browser of the page's tests is; installs Debian's package where there is none. */
export async function ensureChromium() {
  const found = process.env.CHROMIUM_PATH ?? PATHS.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await step('Installing Chromium for the page’s tests', async () => {
      await mustRun('apt-get', ['update', '-qq'], { env });
      await mustRun('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env });
    });
  } catch (error) {
    giveUp(`The page’s tests need Chromium: install it, or name it in CHROMIUM_PATH. ${error.message}`);
  }
  return PATHS[0];
}
