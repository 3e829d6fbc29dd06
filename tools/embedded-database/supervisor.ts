import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { endPreviousEngine, EngineRunner } from './engineRunner.js';
import { identify } from './processes.js';
import {
  OTHER_OWNER,
  readSupervisorFile,
  supervisorLogOf,
  supervisorOptions,
  writeSupervisorFile,
  type SupervisorFile,
  type SupervisorOptions,
} from './supervisorFile.js';
import { takeSupervisorLock, thisMachine } from './supervisorLock.js';
import { SupervisorUsers } from './supervisorUsers.js';

/*
 * Program: the supervisor of a data folder, started with its options as JSON. It owns the folder under a lock, runs the
 * engine, and stays while at least one user is connected to it, and for `lingerMs` after the last one. So the end of one
 * server does not take the database from another server or a script, and nothing keeps running without users.
 */

type Log = (line: string) => void;

interface Supervisor {
  users: SupervisorUsers;
  runner: EngineRunner;
  options: SupervisorOptions;
}

async function main(options: SupervisorOptions): Promise<void> {
  const { databaseDir, lingerMs } = options;
  const log: Log = (line) =>
    appendFileSync(supervisorLogOf(databaseDir), `${new Date().toISOString()} ${process.pid} ${line}\n`);
  const releaseLock = await takeSupervisorLock({
    databaseDir,
    onLost: () => {
      // Another supervisor owns the folder now. The engine ends with this process.
      log('lost the lock, ending');
      process.exit(1);
    },
  });
  if (releaseLock === undefined) process.exit(OTHER_OWNER);
  const ending = { started: false };
  const end = async (reason: string, code: number): Promise<void> => {
    if (ending.started) return;
    ending.started = true;
    log(`${reason}, stopping`);
    users.close();
    await runner.stop().catch((error: unknown) => log(String(error)));
    await releaseLock().catch((error: unknown) => log(String(error)));
    process.exit(code);
  };
  const token = randomBytes(24).toString('base64url');
  const users = new SupervisorUsers({ token, lingerMs, onUnused: () => void end('no user is left', 0) });
  const runner = new EngineRunner(options, () => writeFile(), log);
  const writeFile = (): Promise<void> =>
    writeSupervisorFile(databaseDir, describeSupervisor({ users, runner, options }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal, 0));
  const previous = await readSupervisorFile(databaseDir);
  if (previous?.machine === thisMachine()) await endPreviousEngine(previous, log);
  await users.listen();
  await runner.choosePort(previous?.port);
  // Written before the engine runs: processes that open the folder now wait here and start no supervisor of their own.
  await writeFile();
  try {
    await runner.start();
  } catch (error) {
    users.announce({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
    await end('the engine cannot be started', 1);
    return;
  }
  log(`runs ${options.kind} on port ${runner.port}`);
  const { kind: engine, durable } = options;
  users.announce({ state: 'ready', uri: uriOf(runner.port), engine, durable });
}

function describeSupervisor({ users, runner, options }: Supervisor): SupervisorFile {
  const enginePids = runner.pids();
  const [pid] = enginePids;
  return {
    pid: process.pid,
    machine: thisMachine(),
    controlPort: users.port,
    token: users.options.token,
    uri: uriOf(runner.port),
    port: runner.port,
    engine: options.kind,
    durable: options.durable,
    enginePids,
    engineStartedAt: pid === undefined ? undefined : identify(pid).startedAt,
  };
}

const uriOf = (port: number): string => `mongodb://127.0.0.1:${port}/`;

await main(supervisorOptions.parse(JSON.parse(process.argv[2] ?? '')));
