import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/*
 * Facts about the machine: programs, the cache folder, the environment of child processes. No other file of the embedded
 * database reads the environment.
 */

export const cacheDir = (): string =>
  resolve(
    process.env['PARLEY_CACHE_DIR'] ??
      join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley'),
  );

/** The mongod that the operator configured. Undefined when the variable is missing or empty. */
export const configuredMongod = (): string | undefined => {
  const path = process.env['MONGOMS_SYSTEM_BINARY'];
  return path === '' ? undefined : path;
};

/** Path of the first executable program with this name on the `PATH`. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Environment of a child process: this process's own, with these variables added. */
export const childEnvironment = (variables: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...variables,
});

export const isRoot = (): boolean => process.getuid?.() === 0;
