import { residentKb } from '../processes.js';
import { times, type Figure } from '../results.js';
import { checkTraffic } from '../verify.js';
import { makeUserIds, settle, trafficFigures, type Scenario, type Stage } from './scenario.js';

const USERS = 1_000;
const PER_SECOND = 200;

const connect = (stage: Stage, group: string, count: number) =>
  stage.load.run('connect', {
    server: stage.subject.server,
    group,
    userIds: makeUserIds(group, count),
    atOnce: 100,
  });

/** Measures memory per idle connection: over the first thousand, and over the second, without one-time allocations. */
async function measureConnections(stage: Stage): Promise<Figure[]> {
  const pids = stage.subject.pids();
  await connect(stage, 'early', 100);
  await settle(stage);
  const before = residentKb(pids);
  const connected = await connect(stage, 'user', USERS);
  stage.progress(`${USERS} users connected in ${Math.round(connected.wallMs)} ms`);
  await settle(stage);
  const after = residentKb(pids);
  await connect(stage, 'more', USERS);
  await settle(stage);
  const afterMore = residentKb(pids);
  await stage.load.run('disconnect', { group: 'more' });
  await stage.load.run('disconnect', { group: 'early' });
  await settle(stage);
  const figures: Figure[] = [
    { name: `connect ${USERS} users`, unit: 'ms', value: Math.round(connected.wallMs) },
    ...times('connect each', connected.each),
  ];
  if (before !== undefined && after !== undefined && afterMore !== undefined) {
    figures.push(
      { name: 'server before', unit: 'KB', value: before },
      { name: 'per idle connection', unit: 'KB', value: Math.round(((after - before) / USERS) * 10) / 10 },
      {
        name: 'per idle connection, second thousand',
        unit: 'KB',
        value: Math.round(((afterMore - after) / USERS) * 10) / 10,
      },
    );
  }
  return figures;
}

async function run(stage: Stage) {
  const memory = await measureConnections(stage);
  await stage.load.run('pairUp', { group: 'user' });
  await settle(stage);
  stage.progress(`sending ${PER_SECOND} messages/s`);
  const traffic = await stage.load.run('openLoop', {
    group: 'user',
    perSecond: PER_SECOND,
    warmUpMs: stage.quick ? 500 : 5_000,
    measureMs: stage.quick ? 1_500 : 15_000,
  });
  const checks = await checkTraffic(stage.subject, stage.database, traffic);
  const late: Figure = { name: 'generator late p99', unit: 'ms', value: traffic.lateness.p99 };
  return { figures: [...trafficFigures(traffic), late, ...memory], checks };
}

export const STEADY: Scenario = {
  id: 'b',
  title: '1,000 connected users, 200 messages/s',
  targets: ['parley', 'unbatched', 'relay'],
  run,
};
