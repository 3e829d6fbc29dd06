import { setTimeout as sleep } from 'node:timers/promises';
import type { RoomsResult } from '../load/commands.js';
import { quantilesOf } from '../load/samples.js';
import { ADAPTERS, times, type Check, type Figure } from '../results.js';
import { makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const USERS = 1_000;
const PER_SECOND = 500;
const OUTAGE_MS = 2_000;
/** Delivered, but later than anybody would call live. */
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

/** CPU of each process for every 1,000 publications of the last load. */
function cpuFigures(stage: Stage, load: string, { measureMs, count }: { measureMs: number; count: number }) {
  const shares = stage.load.cpu().at(-1)?.shares ?? [];
  return shares.map(({ group: name, percent }): Figure => ({
    name: `${load}: CPU of ${name}`,
    unit: 'ms per 1,000',
    value: Math.round(((percent / 100) * measureMs * 1_000) / Math.max(1, count)),
  }));
}

const timesOf = (name: string, publications: readonly Publication[], key: 'localMs' | 'remoteMs'): Figure[] =>
  times(name, quantilesOf(publications.map((one) => one[key]).filter((ms) => !Number.isNaN(ms))));

async function runSteady(stage: Stage): Promise<Figure[]> {
  const measureMs = stage.quick ? 2_000 : 10_000;
  const result = await stage.load.run('rooms', { group, perSecond: PER_SECOND, warmUpMs: 2_000, measureMs });
  const counted = inWindow(result);
  return [
    ...timesOf('steady: to the other process', counted, 'remoteMs'),
    ...timesOf('steady: on the own process', counted, 'localMs'),
    ...cpuFigures(stage, 'steady', { measureMs, count: counted.length }),
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
    ...cpuFigures(stage, 'maximum', { measureMs, count: counted.length }),
  ];
}

interface Outage {
  from: number;
  to: number;
}

/** What became of the publications of one side, among those of some time. */
function fates(name: string, some: readonly Publication[], side: 'local' | 'remote'): Figure[] {
  const count = (holds: (ms: number, times: number) => boolean): number =>
    some.filter((one) => holds(one[`${side}Ms`], one[`${side}Count`])).length;
  const where = side === 'local' ? 'on the own process' : 'to the other process';
  const rows: [string, number][] = [
    ['at once', count((ms) => ms < LATE_MS)],
    ['late', count((ms) => ms >= LATE_MS)],
    ['lost', count((_, times) => times === 0)],
    ['repeated', count((_, times) => times > 1)],
  ];
  return rows.map(([fate, value]) => ({ name: `${name}, ${where}: ${fate}`, unit: 'count', value }));
}

/** Redis is killed in the midst of the steady pace and comes back, empty. */
async function runOutage(stage: Stage): Promise<{ figures: Figure[]; checks: Check[]; notes: string[] }> {
  const { subject } = stage;
  const { redis } = subject;
  if (redis === undefined) throw new Error('There is no Redis to kill.');
  const measureMs = stage.quick ? 10_000 : 15_000;
  const load = stage.load.run('rooms', { group, perSecond: PER_SECOND, warmUpMs: 0, measureMs });
  await sleep(2_000);
  const outage: Outage = { from: Date.now(), to: 0 };
  await redis.kill();
  await sleep(OUTAGE_MS);
  await redis.start();
  outage.to = Date.now();
  const result = await load;
  const all = listOf(result);
  const during = all.filter(({ sentAt }) => sentAt >= outage.from && sentAt < outage.to);
  const after = all.filter(({ sentAt }) => sentAt >= outage.to);
  const firstBack = after.find(({ remoteMs }) => remoteMs < LATE_MS)?.sentAt ?? Number.NaN;
  const rejections = subject.complaints();
  const figures: Figure[] = [
    { name: 'Redis away: published', unit: 'count', value: during.length },
    ...fates('Redis away', during, 'local'),
    ...fates('Redis away', during, 'remote'),
    ...fates('after', after, 'local'),
    ...fates('after', after, 'remote'),
    { name: 'live again, after Redis is back', unit: 'ms', value: Math.round(firstBack - outage.to) },
    { name: 'unhandled rejections', unit: 'count', value: rejections.length },
    { name: 'connections lost', unit: 'count', value: result.connectionsLost },
  ];
  const kinds = [...new Set(rejections)];
  return {
    figures,
    checks: [],
    notes: kinds.map((kind) => `${kind} (each would end a process that has no handler for it)`),
  };
}

async function run(stage: Stage) {
  const userIds = makeUserIds('user', stage.quick ? 200 : USERS);
  await stage.load.run('connect', { server: stage.subject.server, group, userIds, atOnce: 100 });
  await settle(stage);
  stage.progress(`${PER_SECOND} publications/s`);
  const steady = await runSteady(stage);
  stage.progress('as many as possible');
  const maximum = await runMaximum(stage);
  await settle(stage);
  stage.progress(`${PER_SECOND} publications/s, Redis is killed for ${OUTAGE_MS / 1_000} s`);
  const outage = await runOutage(stage);
  return { ...outage, figures: [...maximum, ...steady, ...outage.figures] };
}

export const ADAPTER_COMPARISON: Scenario = {
  id: 'i',
  title: '1,000 rooms on two processes over Redis, each message to one room here and one there; no database',
  targets: ADAPTERS,
  run,
};
