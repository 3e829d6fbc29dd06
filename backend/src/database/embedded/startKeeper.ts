import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.js';
import { childEnvironment } from './environment.js';
import { keeperLogOf, type KeeperOptions } from './keeperFile.js';

/** The keeper runs compiled, also when this module runs from its source (as under a test runner). */
const KEEPER = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../../../dist/backend/src/database/embedded/keeper.js'
      : './keeper.js',
    import.meta.url,
  ),
);

const LOG_MAX_BYTES = 1_000_000;

export interface StartedKeeper {
  /** Undefined while it runs. */
  exitCode: () => number | undefined;
}

/** Starts a keeper that outlives this process. It ends at once when the folder has one already. */
export function startKeeper(
  engine: Engine,
  options: Pick<KeeperOptions, 'databaseDir' | 'durable' | 'lingerMs'>,
): StartedKeeper {
  if (!existsSync(KEEPER)) throw new Error(`${KEEPER} is not there: compile first (npm run build)`);
  const log = openLog(keeperLogOf(options.databaseDir));
  const keeperOptions: KeeperOptions = { ...options, kind: engine.kind, binary: engine.binary };
  const child = spawn(process.execPath, [KEEPER, JSON.stringify(keeperOptions)], {
    detached: true,
    cwd: options.databaseDir,
    stdio: ['ignore', log, log],
    // What this process was given for itself (a debugger, another mongod) is not for the keeper.
    env: childEnvironment({
      MONGOMS_SYSTEM_BINARY: '',
      MONGOMS_SYSTEM_BINARY_VERSION_CHECK: 'false',
      NODE_OPTIONS: '',
    }),
  });
  closeSync(log);
  child.unref();
  let code: number | undefined;
  child.once('exit', (exitCode) => (code = exitCode ?? 1));
  child.once('error', () => (code = 1));
  return { exitCode: () => code };
}

function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > LOG_MAX_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}
