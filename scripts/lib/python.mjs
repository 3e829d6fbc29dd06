import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, failedLately, rememberFailure } from './nodeRuntime.mjs';
import { step } from './progress.mjs';
import { mustRun, run } from './run.mjs';

/** Pinned packages of the Python client in `docs/examples`, and those of schemathesis. */
const REQUIREMENTS = ['docs/examples/requirements.txt', 'test/contract/requirements.txt'];
/** Oldest version of Python that these packages run on. */
const OLDEST_PYTHON = [3, 10];
const PRINT_VERSION = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';

/**
 * Returns the path of a Python with the packages of the tests, in a virtual environment of the cache folder. Creates it if it
 * is missing. Undefined, after a line with the reason, where there is no Python 3 or no package registry: tests that need it
 * are then skipped.
 */
export async function ensurePython() {
  const { version, reason } = await findPython();
  if (version === undefined) return leaveOut(reason);
  const hash = createHash('sha256').update(version);
  for (const file of REQUIREMENTS) hash.update(readFileSync(file));
  const folder = join(cacheDir(), `python-${hash.digest('hex').slice(0, 12)}`);
  const program = join(folder, 'bin', 'python');
  if (existsSync(program)) return program;
  if (failedLately(folder)) return leaveOut('its packages could not be installed within the last day');
  mkdirSync(cacheDir(), { recursive: true });
  try {
    await step('Installing Python packages for the tests', () => install(folder));
    return program;
  } catch (error) {
    rememberFailure(folder, error);
    return leaveOut(error.message.trim());
  }
}

function leaveOut(reason) {
  process.stderr.write(`› Tests that need Python are left out: ${reason}\n`);
  return undefined;
}

async function findPython() {
  const { code, output } = await run('python3', ['-c', PRINT_VERSION]).catch(() => ({ code: 1, output: '' }));
  if (code !== 0) return { reason: 'there is no Python 3' };
  const version = output.trim();
  const [major, minor] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_PYTHON;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return { version };
  return { reason: `it needs Python ${OLDEST_PYTHON.join('.')}, and this is ${version}` };
}

/** Installs into a temporary folder and renames it, so that a killed installation leaves nothing incomplete. */
async function install(folder) {
  const unfinished = mkdtempSync(`${folder}-unfinished-`);
  try {
    await mustRun('python3', ['-m', 'venv', unfinished]);
    const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary=:all:'];
    const files = REQUIREMENTS.flatMap((file) => ['-r', file]);
    await mustRun(join(unfinished, 'bin', 'python'), ['-m', 'pip', 'install', ...options, ...files]);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
