import type { ReadResult } from '../load/commands.js';
import { times, type Check } from '../results.js';
import { makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const check = (name: string, { problems, times: { count } }: ReadResult): Check => ({
  name,
  passed: problems.length === 0,
  detail: problems.join('; ') || `${count} times`,
});

const ratioOf = (one: ReadResult, other: ReadResult): number =>
  Math.round((one.times.p50 / other.times.p50) * 100) / 100;

/** Number of unread conversations left for the second measurement of the total. */
const FEW = 10;

/** Measures the total when most conversations are read: only those that may be unread are counted. */
async function readFew(stage: Stage, conversations: number) {
  const { server } = stage.subject;
  stage.progress(`reading all but ${FEW}`);
  await stage.load.run('readAllBut', { group: 'popular', keep: FEW });
  await settle(stage);
  const rounds = stage.quick ? 20 : 200;
  const input = { server, group: 'popular', expected: FEW };
  await stage.load.run('readUnread', { ...input, rounds: 10 });
  const { badge, list } = await stage.load.run('readUnread', { ...input, rounds });
  return {
    figures: [
      ...times(`total unread, ${FEW} unread`, badge.times),
      ...times(`first page of 50, ${FEW} unread`, list.times),
    ],
    badge,
    checks: [
      check(`unread badge, ${FEW} of ${conversations}`, badge),
      check(`total unread in the list, ${FEW} of ${conversations}`, list),
    ],
  };
}

async function run(stage: Stage) {
  const { server } = stage.subject;
  const conversations = stage.quick ? 500 : 10_000;
  stage.progress(`${conversations} users send a message to one user`);
  const { wallMs } = await stage.load.run('makeConversations', {
    server,
    userId: 'popular',
    others: makeUserIds('other', conversations),
    atOnce: 32,
  });
  await settle(stage);
  stage.progress('reading the list');
  await stage.load.run('connect', { server, group: 'popular', userIds: ['popular'], atOnce: 1 });
  const { first, deep, unread, walked } = await stage.load.run('readList', {
    server,
    group: 'popular',
    rounds: stage.quick ? 20 : 100,
    limit: 50,
    expected: conversations,
  });
  const few = await readFew(stage, conversations);
  return {
    figures: [
      ...times('first page of 50', first.times),
      ...times('last page of 50', deep.times),
      ...times('every page in turn', walked.times),
      ...times('total unread', unread.times),
      ...few.figures,
      { name: 'total unread, all ÷ few unread, p50', unit: 'x' as const, value: ratioOf(unread, few.badge) },
      {
        name: 'opened and written to, over HTTP',
        unit: 'msg/s' as const,
        value: Math.round(conversations / (wallMs / 1_000)),
      },
    ],
    checks: [
      check('first page and total unread', first),
      check('the whole list, in order', walked),
      check('unread badge', unread),
      ...few.checks,
    ],
  };
}

export const LIST: Scenario = {
  id: 'e',
  title: 'The list of a user with 10,000 conversations',
  targets: ['parley'],
  run,
};
