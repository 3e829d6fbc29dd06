import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/**
 * Makes a fresh clone runnable: checks Node, installs the dependencies, compiles. Steps that are up to date are
 * skipped. Everything after this call runs on Node 24 if it is available.
 */
export async function bootstrap() {
  followParent();
  requireNode();
  await ensureServingNode();
  process.chdir(ROOT);
  try {
    await installDependencies();
    await build();
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
  writeFileSync('node_modules/.parley-installed', wanted);
}

async function build() {
  const wanted = hashOf([
    ...BUILD_INPUTS.map((file) => readFileSync(file)),
    ...SOURCES.flatMap(describeFiles),
  ]);
  if (readStamp('dist/.parley-built') === wanted) return;
  // Types are for `npm test` and `npm run build` to check: that takes ten times as long as compiling.
  await step('Compiling', () => mustRun(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--noCheck']));
  mkdirSync('dist', { recursive: true });
  writeFileSync('dist/.parley-built', wanted);
}

/** Name, size and modification time of every TypeScript file: a cheap fingerprint of the sources. */
function describeFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${folder}/${name} ${size} ${mtimeMs}`;
    });
}

const hashOf = (parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
