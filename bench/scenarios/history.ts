import type { ReadResult } from '../load/commands.js';
import { times, type Check, type Figure } from '../results.js';
import { checkTraffic } from '../verify.js';
import { makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const PAGE = 50;
const LONG_PAGE = 100;
const group = 'reader';

const check = (name: string, { problems, times: { count } }: ReadResult): Check => ({
  name,
  passed: problems.length === 0,
  detail: problems.join('; ') || `${count} times`,
});

async function readPages(stage: Stage, messages: number): Promise<{ figures: Figure[]; checks: Check[] }> {
  const wanted = [
    { name: 'newest', lastSeq: messages, newest: true, limit: PAGE },
    { name: 'middle', lastSeq: messages / 2, newest: false, limit: PAGE },
    { name: 'first', lastSeq: PAGE, newest: false, limit: PAGE },
    { name: 'newest 100', lastSeq: messages, newest: true, limit: LONG_PAGE },
  ];
  // Warm-up of code and caches.
  await stage.load.run('readHistory', { group, pages: wanted, rounds: 20 });
  const rounds = stage.quick ? 30 : 300;
  const readings = await stage.load.run('readHistory', { group, pages: wanted, rounds });
  const ratio = (readings['first']?.times.p50 ?? 0) / (readings['newest']?.times.p50 ?? 1);
  return {
    figures: [
      ...wanted.flatMap(({ name, limit }) => {
        const reading = readings[name];
        if (reading === undefined) return [];
        return times(
          limit === PAGE ? `${PAGE} messages, ${name}` : `${limit} messages, newest`,
          reading.times,
        );
      }),
      { name: 'first ÷ newest, p50', unit: 'x', value: Math.round(ratio * 100) / 100 },
    ],
    checks: Object.entries(readings).map(([name, reading]) =>
      check(`the page at the ${name} is right`, reading),
    ),
  };
}

/** Marks read in equal steps, so that each read is a new position to be written. */
async function markRead(stage: Stage, messages: number): Promise<{ figures: Figure[]; checks: Check[] }> {
  const rounds = stage.quick ? 30 : 300;
  const step = Math.floor(messages / (rounds + 20));
  const seqs = Array.from({ length: rounds + 20 }, (_, index) => (index + 1) * step);
  await stage.load.run('markRead', { group, seqs: seqs.slice(0, 20) });
  const reading = await stage.load.run('markRead', { group, seqs: seqs.slice(20) });
  return { figures: times('mark read', reading.times), checks: [check('marking read is answered', reading)] };
}

async function run(stage: Stage) {
  const messages = stage.quick ? 4_000 : 100_000;
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
  const pages = await readPages(stage, messages);
  stage.progress('marking read');
  const read = await markRead(stage, messages);
  return {
    figures: [...pages.figures, ...read.figures],
    checks: [...checks, ...pages.checks, ...read.checks],
  };
}

export const HISTORY: Scenario = {
  id: 'd',
  title: 'History of a conversation of 100,000 messages, with and without caches of the newest; marking read',
  targets: ['parley', 'uncached', 'redis'],
  run,
};
