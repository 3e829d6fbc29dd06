import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TSC } from './compiler.mjs';
import { followParent } from './followParent.mjs';
import { ensureServingNode } from './nodeRuntime.mjs';
import { giveUp, step } from './progress.mjs';
import { mustRun } from './run.mjs';

/** The checkout. All commands run from here, whatever the working directory of the caller. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const OLDEST_NODE = [20, 19];
const SOURCES = ['contract', 'backend/src', 'bench', 'scripts', 'tools'];
const BUILD_INPUTS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const APP_SOURCES = ['app', 'packages/client/src', 'packages/react/src', 'packages/ui/src'];
const VITE = 'node_modules/vite/bin/vite.js';

/**
 * Makes a fresh clone runnable: checks Node, installs the dependencies, compiles, bundles the app. Steps that are up to
 * date are skipped. Everything after this call runs on Node 24 if it is available.
 */
export async function bootstrap() {
  followParent();
  requireNode();
  await ensureServingNode();
  process.chdir(ROOT);
  try {
    await installDependencies();
    await build();
    await bundleApp();
  } catch (error) {
    giveUp(`Set-up failed. ${error instanceof Error ? error.message : String(error)}`);
  }
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  giveUp(`Parley needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
}

async function installDependencies() {
  const wanted = hashOf([readFileSync('package-lock.json'), process.version]);
  if (readStamp('node_modules/.parley-installed') === wanted) return;
  // `--include=dev`: the compiler is a development dependency, and production needs it too.
  await step('Installing dependencies', () =>
    mustRun('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']),
  );
  writeStamp('node_modules/.parley-installed', wanted);
}

async function build() {
  const wanted = hashOf([
    ...BUILD_INPUTS.map((file) => readFileSync(file)),
    ...SOURCES.flatMap((folder) => describeFiles(folder, isTypeScript)),
  ]);
  if (readStamp('dist/.parley-built') === wanted) return;
  // Types are for `npm test` and `npm run build` to check: that takes ten times as long as compiling.
  await step('Compiling', () => mustRun(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--noCheck']));
  writeStamp('dist/.parley-built', wanted);
}

/** Bundles the app for browsers into `dist/app`. */
async function bundleApp() {
  const wanted = hashOf([
    readFileSync('package-lock.json'),
    ...APP_SOURCES.flatMap((folder) => describeFiles(folder)),
  ]);
  if (readStamp('dist/.parley-app-built') === wanted && existsSync('dist/app/index.html')) return;
  await step('Bundling the app', () => mustRun(process.execPath, [VITE, 'build', 'app']));
  writeStamp('dist/.parley-app-built', wanted);
}

const isTypeScript = (name) => name.endsWith('.ts');

/** Name, size and modification time of every file of a folder: a cheap fingerprint of the sources. */
function describeFiles(folder, isWanted = () => true) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isWanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const { size, mtimeMs } = statSync(path);
      return `${path} ${size} ${mtimeMs}`;
    });
}

const hashOf = (parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

function writeStamp(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
