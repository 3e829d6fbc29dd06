import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { endPreviousEngine, EngineRunner } from './engineRunner.js';
import {
  keeperLogOf,
  keeperOptions,
  OTHER_OWNER,
  readKeeperFile,
  writeKeeperFile,
  type KeeperFile,
  type KeeperOptions,
} from './keeperFile.js';
import { takeKeeperLock, thisMachine } from './keeperLock.js';
import { KeeperUsers } from './keeperUsers.js';
import { identify } from './processes.js';

/*
 * The keeper of a data folder: a process of its own that owns the folder under a lock, runs the engine, and lives for
 * as long as somebody holds a connection to it (and a little longer). So no server's end takes the database from
 * another one, and the last one out switches it off. Started with its options as JSON.
 */

type Log = (line: string) => void;

interface Keeper {
  users: KeeperUsers;
  runner: EngineRunner;
  options: KeeperOptions;
}

async function main(options: KeeperOptions): Promise<void> {
  const { databaseDir, lingerMs } = options;
  const log: Log = (line) =>
    appendFileSync(keeperLogOf(databaseDir), `${new Date().toISOString()} ${process.pid} ${line}\n`);
  const release = await takeKeeperLock({
    databaseDir,
    onLost: () => {
      // Whoever has the lock now is right; the engine ends with this process.
      log('lost the lock, ending');
      process.exit(1);
    },
  });
  if (release === undefined) process.exit(OTHER_OWNER);
  const ending = { started: false };
  const end = async (reason: string, code: number): Promise<void> => {
    if (ending.started) return;
    ending.started = true;
    log(`${reason}, stopping`);
    users.close();
    await runner.stop().catch((error: unknown) => log(String(error)));
    await release().catch((error: unknown) => log(String(error)));
    process.exit(code);
  };
  const token = randomBytes(24).toString('base64url');
  const users = new KeeperUsers({ token, lingerMs, onEmpty: () => void end('nobody is left', 0) });
  const runner = new EngineRunner(options, () => publish(), log);
  const publish = (): Promise<void> =>
    writeKeeperFile(databaseDir, describeKeeper({ users, runner, options }));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal, 0));
  const previous = await readKeeperFile(databaseDir);
  if (previous?.machine === thisMachine()) await endPreviousEngine(previous, log);
  await users.listen();
  await runner.choosePort(previous?.port);
  // Before the engine is up: those who wait for it wait here instead of starting keepers of their own.
  await publish();
  try {
    await runner.start();
  } catch (error) {
    users.announce({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
    await end('the engine cannot be started', 1);
    return;
  }
  log(`keeps ${options.kind} on port ${runner.port}`);
  const { kind: engine, durable } = options;
  users.announce({ state: 'ready', uri: uriOf(runner.port), engine, durable });
}

function describeKeeper({ users, runner, options }: Keeper): KeeperFile {
  const enginePids = runner.pids();
  const [pid] = enginePids;
  const engineStartedAt = pid === undefined ? undefined : identify(pid).startedAt;
  return {
    ...{ pid: process.pid, machine: thisMachine() },
    ...{ controlPort: users.port, token: users.options.token },
    ...{ uri: uriOf(runner.port), port: runner.port, engine: options.kind, durable: options.durable },
    ...{ enginePids, engineStartedAt },
  };
}

const uriOf = (port: number): string => `mongodb://127.0.0.1:${port}/`;

await main(keeperOptions.parse(JSON.parse(process.argv[2] ?? '')));
