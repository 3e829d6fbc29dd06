import type { Check } from '../results.js';
import type { Scenario, Stage } from './scenario.js';

const CALLERS = 150;

async function run(stage: Stage) {
  const rounds = stage.quick ? 2 : 10;
  const walls: number[] = [];
  const answered: number[] = [];
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    const pair: [string, string] = [`left-${round}`, `right-${round}`];
    const userIds = Array.from({ length: CALLERS }, (_, index) => pair[index % 2] ?? '');
    const group = 'racers';
    await stage.load.run('connect', { server: stage.subject.server, group, userIds, atOnce: 50 });
    const result = await stage.load.run('race', { group, pair });
    await stage.load.run('disconnect', { group });
    const stored = await stage.database.countConversations(stage.subject.databaseName, pair);
    walls.push(result.wallMs);
    answered.push(result.answered);
    if (stored !== 1 || result.ids.length !== 1 || result.created !== 1) wrong++;
    stage.progress(`${result.answered} of ${CALLERS} answered in ${Math.round(result.wallMs)} ms`);
  }
  walls.sort((a, b) => a - b);
  const least = Math.min(...answered);
  const checks: Check[] = [
    { name: `all ${CALLERS} answered`, passed: least === CALLERS, detail: `at least ${least}` },
    {
      name: 'one conversation, created once',
      passed: wrong === 0,
      detail: `${rounds} rounds, ${wrong} wrong`,
    },
  ];
  return {
    figures: [
      { name: 'answered, the worst round', unit: 'count' as const, value: least },
      { name: 'all answered p50', unit: 'ms' as const, value: Math.round(walls[walls.length >> 1] ?? 0) },
      { name: 'all answered max', unit: 'ms' as const, value: Math.round(walls.at(-1) ?? 0) },
    ],
    checks,
  };
}

export const RACE: Scenario = {
  id: 'f',
  title: `${CALLERS} sockets of a pair open their conversation at the same time`,
  targets: ['parley'],
  run,
};
