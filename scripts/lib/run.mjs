import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Time that child processes get for a graceful exit after a signal, in ms. */
const END_WITHIN_MS = 10_000;

/** Running programs. Each leads a process group, so that its own children end with it. */
const running = new Set();

/**
 * Runs a program and resolves with its exit code and its captured output. With `show` the output is passed through
 * instead of captured.
 */
export function run(command, args, { show = false, env = process.env, cwd = undefined } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      cwd,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      detached: true,
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => {
      forget(child);
      reject(error);
    });
    child.on('exit', (code, signal) => {
      forget(child);
      resolve({ code: code ?? (signal ? 1 : 0), output: Buffer.concat(chunks).toString('utf8') });
    });
    if (running.size === 0) for (const signal of SIGNALS) process.on(signal, endAll);
    running.add(child);
  });
}

/** Like `run`, but rejects with the output of the program if it fails. */
export async function mustRun(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (exit code ${code}).\n${output}`);
  return output;
}

function forget(child) {
  running.delete(child);
  // Without running programs, signals keep their default effect.
  if (running.size === 0) for (const signal of SIGNALS) process.off(signal, endAll);
}

/** Forwards a signal, waits for the programs to end, kills what is left of their groups, and exits. */
async function endAll(signal) {
  const children = [...running];
  for (const child of children) signalGroup(child, signal);
  const timeout = new Promise((resolve) => setTimeout(resolve, END_WITHIN_MS));
  await Promise.race([Promise.all(children.map(isGone)), timeout]);
  for (const child of children) signalGroup(child, 'SIGKILL');
  process.exit(128 + constants.signals[signal]);
}

const isGone = (child) =>
  child.exitCode !== null ||
  child.signalCode !== null ||
  new Promise((resolve) => child.once('exit', resolve));

function signalGroup({ pid }, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The process group no longer exists.
  }
}
