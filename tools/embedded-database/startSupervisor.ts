import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.js';
import { childEnvironment } from './machine.js';
import { supervisorLogOf, type SupervisorOptions } from './supervisorFile.js';

/** The compiled supervisor, also when this module runs from its source (in a test runner). */
const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/tools/embedded-database/supervisor.js' : './supervisor.js',
    import.meta.url,
  ),
);

const LOG_MAX_BYTES = 1_000_000;

export interface StartedSupervisor {
  /** Undefined while the supervisor runs. */
  exitCode: () => number | undefined;
}

/** Starts a supervisor that outlives this process. It exits with `OTHER_OWNER` when the data folder has one already. */
export function startSupervisor(
  engine: Engine,
  options: Pick<SupervisorOptions, 'databaseDir' | 'durable' | 'lingerMs'>,
): StartedSupervisor {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} does not exist: compile first (npm run build)`);
  const { databaseDir, durable, lingerMs } = options;
  const { kind, binary } = engine;
  const supervisorOptions: SupervisorOptions = { databaseDir, kind, binary, durable, lingerMs };
  const log = openLog(supervisorLogOf(databaseDir));
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(supervisorOptions)], {
    detached: true,
    cwd: databaseDir,
    stdio: ['ignore', log, log],
    // Variables that are meant for this process only: a debugger's, and the choice of a mongod.
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
