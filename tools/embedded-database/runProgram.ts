import { spawn } from 'node:child_process';
import { childEnvironment } from './machine.js';

const KEPT_CHARS = 4_000;

/** Runs a program until it exits. @throws with the end of its output when the exit code is not 0. */
export function runProgram(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: childEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with code ${code ?? 'none'}: ${output.trim()}`));
    });
  });
}

/** Reports the start of a slow step and its duration. */
export async function timed<T>(
  onProgress: (line: string) => void,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedMs = performance.now();
  onProgress(`${what} …`);
  const result = await work();
  onProgress(`${what}: done in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  return result;
}
