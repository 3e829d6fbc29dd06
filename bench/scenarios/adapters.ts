import { setTimeout as sleep } from 'node:timers/promises';
import type { RoomsResult } from '../load/commands.js';
import { quantilesOf } from '../load/samples.js';
import { ADAPTERS, times, type Figure } from '../results.js';
import { cpuPerThousand, makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const USERS = 1_000;
const PER_SECOND = 500;
const OUTAGE_MS = 2_000;
/** Time after which a delivery is not considered live any more. */
const LATE_MS = 1_000;
const group = 'rooms';

type Publication = Record<'sentAt' | 'localMs' | 'remoteMs' | 'localCount' | 'remoteCount', number>;

const listOf = (result: RoomsResult): Publication[] =>
  Array.from(result.sentAt, (sentAt, index) => ({
    sentAt,
    localMs: result.localMs[index] ?? Number.NaN,
    remoteMs: result.remoteMs[index] ?? Number.NaN,
    localCount: result.localCount[index] ?? 0,
    remoteCount: result.remoteCount[index] ?? 0,
  }));

const inWindow = (result: RoomsResult): Publication[] =>
  listOf(result).filter((_, index) => result.counts[index] === 1);

const timesOf = (name: string, publications: readonly Publication[], key: 'localMs' | 'remoteMs'): Figure[] =>
  times(name, quantilesOf(publications.map((one) => one[key]).filter((ms) => !Number.isNaN(ms))));

async function runSteady(stage: Stage): Promise<Figure[]> {
  const measureMs = stage.quick ? 2_000 : 10_000;
  const result = await stage.load.run('rooms', { group, perSecond: PER_SECOND, warmUpMs: 2_000, measureMs });
  const counted = inWindow(result);
  return [
    ...timesOf('steady: to the other process', counted, 'remoteMs'),
    ...timesOf('steady: on the own process', counted, 'localMs'),
    ...cpuPerThousand(stage, 'steady', { measureMs, count: counted.length }),
  ];
}

async function runMaximum(stage: Stage): Promise<Figure[]> {
  const measureMs = stage.quick ? 2_000 : 10_000;
  const result = await stage.load.run('rooms', { group, perSecond: undefined, warmUpMs: 2_000, measureMs });
  const counted = inWindow(result);
  return [
    {
      name: 'maximum: delivered to the other process',
      unit: 'msg/s',
      value: Math.round(counted.length / (measureMs / 1_000)),
    },
    ...timesOf('maximum: to the other process', counted, 'remoteMs'),
    ...cpuPerThousand(stage, 'maximum', { measureMs, count: counted.length }),
  ];
}

/** Counts the outcomes of publications on one side. */
function outcomes(name: string, some: readonly Publication[], side: 'local' | 'remote'): Figure[] {
  const count = (holds: (ms: number, times: number) => boolean): number =>
    some.filter((one) => holds(one[`${side}Ms`], one[`${side}Count`])).length;
  const where = side === 'local' ? 'on the own process' : 'to the other process';
  const rows: [string, number][] = [
    ['in time', count((ms) => ms < LATE_MS)],
    ['late', count((ms) => ms >= LATE_MS)],
    ['lost', count((_, times) => times === 0)],
    ['repeated', count((_, times) => times > 1)],
  ];
  return rows.map(([outcome, value]) => ({ name: `${name}, ${where}: ${outcome}`, unit: 'count', value }));
}

/** Redis is killed during a load at a steady pace, and starts again without data. */
async function runOutage(stage: Stage, name: string) {
  const { redis } = stage.subject;
  if (redis === undefined) throw new Error('There is no Redis to kill.');
  const measureMs = OUTAGE_MS + (stage.quick ? 7_000 : 12_000);
  const warningsBefore = stage.subject.warnings().length;
  const load = stage.load.run('rooms', { group, perSecond: PER_SECOND, warmUpMs: 0, measureMs });
  await sleep(2_000);
  const from = Date.now();
  await redis.kill();
  await sleep(OUTAGE_MS);
  await redis.start();
  const to = Date.now();
  const result = await load;
  const all = listOf(result);
  const during = all.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  const after = all.filter(({ sentAt }) => sentAt >= to);
  const firstLive = after.find(({ remoteMs }) => remoteMs < LATE_MS)?.sentAt ?? Number.NaN;
  const rejections = stage.subject.warnings().slice(warningsBefore);
  const count = (what: string, value: number): Figure => ({ name: `${name}: ${what}`, unit: 'count', value });
  const figures: Figure[] = [
    count('published during the outage', during.length),
    ...outcomes(`${name}, during the outage`, during, 'local'),
    ...outcomes(`${name}, during the outage`, during, 'remote'),
    count('published afterwards', after.length),
    ...outcomes(`${name}, afterwards`, after, 'local'),
    ...outcomes(`${name}, afterwards`, after, 'remote'),
    { name: `${name}: live again after`, unit: 'ms', value: Math.round(firstLive - to) },
    count('unhandled rejections', rejections.length),
    count('connections lost', result.connectionsLost),
  ];
  const notes = [...new Set(rejections)].map(
    (kind) => `${name}: ${kind} (any of these ends a process that has no handler for it)`,
  );
  return { figures, notes };
}

const connectAll = (stage: Stage) =>
  stage.load.run('connect', {
    server: stage.subject.server,
    group,
    userIds: makeUserIds('user', stage.quick ? 200 : USERS),
    atOnce: 100,
  });

async function run(stage: Stage) {
  await connectAll(stage);
  await settle(stage);
  stage.progress(`${PER_SECOND} publications/s`);
  const steady = await runSteady(stage);
  stage.progress('maximum rate');
  const maximum = await runMaximum(stage);
  await settle(stage);
  stage.progress('Redis is killed');
  const outage = await runOutage(stage, 'Redis down 2 s');
  await stage.load.run('disconnect', { group });
  // The second run uses clients that fail fast. Parley's own bus always does.
  await stage.subject.restart('SIGTERM', { FAIL_FAST: '1' });
  await connectAll(stage);
  await settle(stage);
  stage.progress('Redis is killed; commands to it fail at once');
  const failingFast = await runOutage(stage, 'Redis down 2 s, failing fast');
  return {
    figures: [...maximum, ...steady, ...outage.figures, ...failingFast.figures],
    checks: [],
    notes: [...outage.notes, ...failingFast.notes],
  };
}

export const ADAPTER_COMPARISON: Scenario = {
  id: 'i',
  title:
    '1,000 rooms on two processes over Redis; each message goes to a local and a remote room; no database',
  targets: ADAPTERS,
  run,
};
