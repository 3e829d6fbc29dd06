import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/**
 * The embedded database looks for programs and keeps what it installs where the machine's own conventions say; this is
 * the one place that reads them. (What an operator configures for the server is in `config.ts`.)
 */
export const cacheDir = (): string =>
  resolve(
    process.env['PARLEY_CACHE_DIR'] ??
      join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley'),
  );

/** A mongod that the operator names. */
export const namedMongod = (): string | undefined => {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  return named === '' ? undefined : named;
};

/** The first program of this name on the PATH that may be run. */
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

/** For child processes: the machine's environment, and what they need besides. */
export const childEnvironment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
});

export const isRoot = (): boolean => process.getuid?.() === 0;
