import { setTimeout as sleep } from 'node:timers/promises';
import { makeUserIds } from '../scenarios/scenario.js';
import type { RatioRun } from './run.js';
import { measureCost, type Side } from './sides.js';
import type { Column } from './table.js';

const group = 'back';
/** A restart is a long measurement: more rounds would say little more. */
const MAX_ROUNDS = 3;
const SETTLE_MS = 2_000;

/** All users connect at once to a server that has just started, and then ask for everything that they have. */
async function comeBack(
  run: RatioRun,
  side: Side,
  userIds: string[],
): Promise<[wallMs: number, cpuMs: number]> {
  const { load, subject } = side;
  await subject.restart('SIGTERM');
  const { result, cost } = await measureCost(side, run.database, async () => {
    const connected = await load.run('connect', { server: subject.server, group, userIds, atOnce: 500 });
    if (side === run.relay) return connected.wallMs;
    return connected.wallMs + (await load.run('syncAll', { group })).wallMs;
  });
  await load.run('disconnect', { group });
  await sleep(SETTLE_MS);
  return [result, cost.serverMs + cost.databaseMs];
}

/** Users with a chat each come back after a restart of the server. */
export async function measureReturns(run: RatioRun): Promise<void> {
  const userIds = makeUserIds('back', run.quick ? 400 : 5_000);
  for (const { load, subject } of run.storing) {
    await load.run('connect', { server: subject.server, group, userIds, atOnce: 100 });
    await load.run('pairUp', { group });
    await load.run('disconnect', { group });
  }
  for (let round = 0; round < Math.min(run.rounds, MAX_ROUNDS); round++) {
    run.progress(`${userIds.length} users come back, round ${round + 1}`);
    const [wall, cpu]: Partial<Record<Column, number>>[] = [{}, {}];
    for (const side of [...run.storing, run.relay]) {
      const [wallMs, cpuMs] = await comeBack(run, side, userIds);
      const column = side === run.relay ? 'reference' : side.name;
      Object.assign(wall ?? {}, { [column]: wallMs });
      Object.assign(cpu ?? {}, { [column]: cpuMs });
    }
    run.table.add(`${userIds.length} users back after a restart, in sync`, 'ms', wall ?? {});
    run.table.add(`${userIds.length} users back after a restart, CPU`, 'ms', cpu ?? {});
  }
}
