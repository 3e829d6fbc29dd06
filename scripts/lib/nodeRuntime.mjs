import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { step } from './progress.mjs';
import { mustRun } from './run.mjs';

/** Major version of Node that runs the server, the benchmark and the whole test suite. */
export const SERVING_MAJOR = 24;
/** Time for which a failed download is remembered, so that a machine without a registry starts quickly. */
const RETRY_AFTER_MS = 24 * 3_600_000;
/** `current` keeps the Node version that runs the script. */
const RUNTIME = process.env.PARLEY_NODE_RUNTIME;

/** Folder for everything that is installed or built once for all checkouts. */
export const cacheDir = () =>
  resolve(
    process.env.PARLEY_CACHE_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'parley'),
  );

const isOlder = () => Number(process.versions.node.split('.')[0]) < SERVING_MAJOR;

/**
 * Restarts this script with Node 24 if the installed version is older: Node 20 reached its end of life in April 2026,
 * and the same build serves about a quarter more messages on 24. Returns if this process already runs the right
 * version, or if Node 24 is not available.
 */
export async function ensureServingNode() {
  if (!isOlder() || RUNTIME === 'current') return;
  const program = await ensureNode(SERVING_MAJOR);
  if (program === undefined) {
    process.stderr.write(
      `› Running on Node ${process.versions.node}: Node ${SERVING_MAJOR} is not available here\n`,
    );
    return;
  }
  await continueWith(program);
}

/**
 * Returns the path of a Node of this major or exact version in the cache folder. Installs it from the package registry
 * if it is missing. Undefined if there is no package for this machine or no registry.
 */
export async function ensureNode(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(cacheDir(), `node-${version}`);
  const program = join(
    folder,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(program)) return program;
  if (failedLately(folder)) return undefined;
  mkdirSync(cacheDir(), { recursive: true });
  try {
    await step(`Installing Node ${version}`, () => installPackage(`${name}@${version}`, folder));
    return program;
  } catch (error) {
    rememberFailure(folder, error);
    return undefined;
  }
}

/** True when the download into this folder of the cache failed less than `RETRY_AFTER_MS` ago. */
export function failedLately(folder) {
  const failed = `${folder}-failed`;
  return existsSync(failed) && Date.now() - statSync(failed).mtimeMs < RETRY_AFTER_MS;
}

export const rememberFailure = (folder, error) => writeFileSync(`${folder}-failed`, error.message);

/**
 * Installs into a temporary folder and renames it, so that a killed or concurrent installation leaves nothing
 * incomplete.
 */
async function installPackage(spec, folder) {
  const unfinished = mkdtempSync(`${folder}-unfinished-`);
  try {
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1'];
    await mustRun('npm', ['install', '--prefix', unfinished, ...options, spec]);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Hands over to another Node process: forwards signals, and exits with its code. Does not return. */
async function continueWith(program) {
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env.PATH ?? ''}` };
  const args = [...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(program, args, { env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  const code = await new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (exitCode, signal) => done(exitCode ?? (signal === null ? 1 : 128 + 15)));
  });
  process.exit(code);
}
