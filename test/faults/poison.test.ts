import { expect, test } from 'vitest';
import type { Answer, SentMessageView } from '../../contract/index.js';
import { expectGapless } from './support/ledger.js';
import { apisOf, Scene } from './support/scene.js';
import { untilSummariesRight } from './support/summaries.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const codeOf = (answer: Answer<SentMessageView>): string => (answer.success ? 'OK' : answer.code);
const POISON = 'a text that kills connections';

test('a message that breaks every database connection is given up, in a shared batch and in a busy conversation; other messages are stored (promises 3, 5)', async () => {
  await using scene = await Scene.open();
  const { truth } = scene;
  const proxy = await scene.proxy();
  const server = await scene.start({ mongoUri: proxy.mongoUri });
  const [ann, bob] = await Promise.all([server.connectAs('ann'), server.connectAs('bob')]);
  const ids = await Promise.all(numbers(30).map((n) => ann.open(`friend-${n}`)));
  const hot = await ann.open('bob');
  const rule = proxy.watch(POISON, 'cut');

  const shared = await Promise.all(ids.map((id, n) => ann.send(id, n === 11 ? POISON : `good ${n}`)));
  expect(shared.map(codeOf)).toEqual(ids.map((_, n) => (n === 11 ? 'INTERNAL' : 'OK')));
  const triesOfShared = rule.hits;

  const burst = await Promise.all(
    numbers(40).map((n) => ann.send(hot, n === 20 ? POISON : `good ${n}`, `m-${n}`)),
  );
  expect(burst.map(codeOf)).toEqual(numbers(40).map((n) => (n === 20 ? 'INTERNAL' : 'OK')));
  const places = burst.flatMap((answer) => (answer.success ? [answer.data.seq] : []));
  expect(places, 'in the order in which they were sent').toEqual(numbers(39));
  expect(triesOfShared, 'bounded tries').toBeLessThanOrEqual(4);
  expect(rule.hits - triesOfShared, 'bounded tries').toBeLessThanOrEqual(4);

  // A retry is refused in the same way, and the conversation still works.
  expect(codeOf(await ann.send(hot, POISON, 'm-20'))).toBe('INTERNAL');
  expect(await bob.send(hot, 'and on')).toMatchObject({ success: true, data: { seq: 40 } });
  rule.release();
  expect(await ann.send(hot, POISON, 'm-20')).toMatchObject({
    success: true,
    data: { seq: 41, duplicate: false },
  });
  const stored = await truth.messages();
  expectGapless(stored);
  expect(stored).toHaveLength(29 + 41);
  await untilSummariesRight(truth, apisOf(server), { userIds: ['ann', 'bob', 'friend-11', 'friend-12'] });
});

test('several such messages of several users at once do not block other users (promises 3, 5)', async () => {
  await using scene = await Scene.open();
  const { truth } = scene;
  const proxy = await scene.proxy();
  const server = await scene.start({ mongoUri: proxy.mongoUri });
  const people = await Promise.all(numbers(4).map((n) => server.connectAs(`user-${n}`)));
  const rule = proxy.watch(POISON, 'cut');
  const answers = await Promise.all(
    people.flatMap((person, index) =>
      numbers(8).map(async (n) => {
        const id = await person.open(`friend-${index}-${n}`);
        const texts = [`good ${n}`, n % 4 === 0 ? POISON : 'good', 'and after'];
        return Promise.all(texts.map((text) => person.send(id, text)));
      }),
    ),
  );
  const codes = answers.map((three) => three.map(codeOf));
  expect(codes).toEqual(
    people.flatMap(() => numbers(8).map((n) => ['OK', n % 4 === 0 ? 'INTERNAL' : 'OK', 'OK'])),
  );
  expect(rule.hits).toBeLessThanOrEqual(8 * 4);
  const stored = await truth.messages();
  expectGapless(stored);
  expect(stored).toHaveLength(4 * (6 * 3 + 2 * 2));
});

test('a message that a foreign index refuses is answered INTERNAL, and others are stored (promises 3, 5)', async () => {
  await using scene = await Scene.open();
  const { truth } = scene;
  const { a, b } = await scene.startTwo();
  const [ann, other] = await Promise.all([a.connectAs('ann'), b.connectAs('ann')]);
  await truth.db.command({
    createIndexes: 'messages',
    indexes: [
      {
        key: { content: 1 },
        name: 'of_somebody_else',
        unique: true,
        partialFilterExpression: { content: 'only once' },
      },
    ],
  });
  const ids = await Promise.all(numbers(20).map((n) => ann.open(`friend-${n}`)));
  const [hot = ''] = ids;
  expect(codeOf(await ann.send(hot, 'only once'))).toBe('OK');

  expect(codeOf(await ann.send(hot, 'only once'))).toBe('INTERNAL');
  const shared = await Promise.all(ids.map((id, n) => ann.send(id, n === 7 ? 'only once' : `good ${n}`)));
  expect(shared.map(codeOf)).toEqual(ids.map((_, n) => (n === 7 ? 'INTERNAL' : 'OK')));
  // In a busy conversation, while another process also writes to it.
  const [burst, beside] = await Promise.all([
    Promise.all(numbers(40).map((n) => ann.send(hot, n % 13 === 0 ? 'only once' : `good ${n}`))),
    Promise.all(numbers(30).map((n) => other.send(hot, `beside ${n}`))),
  ]);
  expect(burst.map(codeOf)).toEqual(numbers(40).map((n) => (n % 13 === 0 ? 'INTERNAL' : 'OK')));
  expect(new Set(beside.map(codeOf))).toEqual(new Set(['OK']));
  const stored = await truth.messages();
  expectGapless(stored);
  expect(stored).toHaveLength(1 + 19 + 37 + 30);
  await untilSummariesRight(truth, apisOf(a, b), { userIds: ['ann', 'friend-1', 'friend-8'] });
});
