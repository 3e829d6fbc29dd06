import { times, type Check, type Figure } from '../results.js';
import { checkTraffic } from '../verify.js';
import { makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const PAGE = 50;

async function run(stage: Stage) {
  const messages = stage.quick ? 4_000 : 100_000;
  const group = 'reader';
  await stage.load.run('connect', {
    server: stage.subject.server,
    group,
    userIds: makeUserIds('reader', 2),
    atOnce: 2,
  });
  await stage.load.run('pairUp', { group });
  stage.progress(`writing ${messages} messages`);
  const traffic = await stage.load.run('fill', { group, messages, inFlight: 200 });
  const checks = await checkTraffic(stage.subject, stage.database, traffic);
  await settle(stage);
  stage.progress('reading pages');
  const places = [
    { name: 'newest', lastSeq: messages, newest: true },
    { name: 'middle', lastSeq: messages / 2, newest: false },
    { name: 'first', lastSeq: PAGE, newest: false },
  ];
  const rounds = stage.quick ? 30 : 300;
  // Once for the code and the caches to be warm.
  await stage.load.run('readHistory', { group, places, rounds: 20, limit: PAGE });
  const readings = await stage.load.run('readHistory', { group, places, rounds, limit: PAGE });
  const figures: Figure[] = [];
  for (const [name, { times: quantiles, problems }] of Object.entries(readings)) {
    figures.push(...times(`${PAGE} messages, ${name}`, quantiles));
    const check: Check = {
      name: `the page at the ${name} is right`,
      passed: problems.length === 0,
      detail: problems.join('; ') || `${quantiles.count} times`,
    };
    checks.push(check);
  }
  const ratio = (readings['first']?.times.p50 ?? 0) / (readings['newest']?.times.p50 ?? 1);
  figures.push({ name: 'first ÷ newest, p50', unit: 'x', value: Math.round(ratio * 100) / 100 });
  return { figures, checks };
}

export const HISTORY: Scenario = {
  id: 'd',
  title: 'History of a conversation of 100,000 messages, 50 at a time',
  targets: ['parley'],
  run,
};
