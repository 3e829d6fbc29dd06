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
/** Bundles for browsers, each in the folder of its name below `dist`, and the folders that they are made from. */
const BUNDLES = {
  page: ['page', 'packages/client/src'],
  app: ['app', 'packages/client/src', 'packages/react/src', 'packages/ui/src'],
};
const VITE = 'node_modules/vite/bin/vite.js';

/**
 * Makes a fresh clone runnable: checks Node, installs the dependencies, compiles, bundles page and app. Steps that are up to
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
    for (const [name, sources] of Object.entries(BUNDLES)) await buildBundle(name, sources);
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

async function buildBundle(name, sources) {
  const wanted = hashOf([
    readFileSync('package-lock.json'),
    ...sources.flatMap((folder) => describeFiles(folder)),
  ]);
  if (readStamp(`dist/.parley-${name}-built`) === wanted && existsSync(`dist/${name}/index.html`)) return;
  await step(`Bundling the ${name}`, () => mustRun(process.execPath, [VITE, 'build', name]));
  writeStamp(`dist/.parley-${name}-built`, wanted);
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
