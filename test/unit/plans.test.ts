import { expect, test } from 'vitest';
import { indexesOf } from '../../backend/src/models/databaseFacts.js';

const ixscan = (indexName: string) => ({ stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName } });

test.each<[string, unknown, string[]]>([
  ['one server', { queryPlanner: { winningPlan: ixscan('a_1') } }, ['a_1']],
  [
    'an express plan',
    { queryPlanner: { winningPlan: { stage: 'EXPRESS_IXSCAN', indexName: 'a_1' } } },
    ['a_1'],
  ],
  [
    'a sharded cluster',
    { queryPlanner: { winningPlan: { stage: 'SHARD_MERGE', shards: [{ winningPlan: ixscan('a_1') }] } } },
    ['a_1'],
  ],
  [
    'a plan that lost',
    { queryPlanner: { winningPlan: { stage: 'COLLSCAN' }, rejectedPlans: [ixscan('a_1')] } },
    [],
  ],
  ['PostgreSQL', { queryPlanner: { Plan: { Plans: [{ 'Index Name': 'a_1' }] } } }, ['a_1']],
  ['nothing', undefined, []],
])('the index of a plan is found in that of %s', (_of, plan, indexes) => {
  expect(indexesOf(plan)).toEqual(indexes);
});
