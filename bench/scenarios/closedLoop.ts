import { checkTraffic } from '../verify.js';
import { makeUserIds, trafficFigures, type Scenario, type Stage } from './scenario.js';

/** Users in pairs. Each sends the next message after the acknowledgement of the last. */
async function runPairs(stage: Stage, load: { users: number; inFlight: number }) {
  const { subject, database, quick } = stage;
  await stage.load.run('connect', {
    server: subject.server,
    group: 'pairs',
    userIds: makeUserIds('user', load.users),
    atOnce: 100,
  });
  await stage.load.run('pairUp', { group: 'pairs' });
  stage.progress(`${load.users} users connected and paired; sending`);
  const traffic = await stage.load.run('closedLoop', {
    group: 'pairs',
    inFlight: load.inFlight,
    warmUpMs: quick ? 500 : 3_000,
    measureMs: quick ? 1_500 : 10_000,
  });
  stage.progress(`${traffic.acknowledged} messages; checking the stored messages`);
  const checks = await checkTraffic(subject, database, traffic);
  return { figures: trafficFigures(traffic), checks };
}

export const PAIRS: Scenario = {
  id: 'a',
  title: '100 users in 50 pairs, one message in flight each',
  targets: ['parley', 'before', 'unbatched', 'relay'],
  run: (stage) => runPairs(stage, { users: 100, inFlight: 1 }),
};

export const CROWD: Scenario = {
  id: 'b2',
  title: '1,000 users in 500 pairs, one message in flight each',
  targets: ['parley', 'before', 'unbatched', 'relay'],
  run: (stage) => runPairs(stage, { users: 1_000, inFlight: 1 }),
};

export const HOT: Scenario = {
  id: 'c',
  title: 'One busy conversation, 100 messages in flight from each side',
  targets: ['parley', 'before', 'unbatched', 'relay'],
  run: (stage) => runPairs(stage, { users: 2, inFlight: 100 }),
};
