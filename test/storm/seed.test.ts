import { expect, test } from 'vitest';
import { decide } from './clients/decision.js';
import { FAULT_KINDS, planFaults } from './faults/schedule.js';
import { readOptions, WrongOption } from './options.js';
import { Random } from './random.js';

const take = <One>(count: number, from: Iterator<One>): One[] =>
  Array.from({ length: count }, () => from.next().value as One);

const scheduleOf = (seed: number, count = 40) =>
  take(
    count,
    planFaults(new Random(seed).stream('faults'), { servers: 3, settleMs: { min: 800, max: 2_500 } }),
  );
const decisionsOf = (seed: number, client: string) => {
  const random = new Random(seed).stream(client);
  return Array.from({ length: 200 }, () => decide(random));
};

test('equal seeds give equal faults and decisions of every client, another seed gives others', () => {
  expect(scheduleOf(123)).toEqual(scheduleOf(123));
  expect(scheduleOf(123)).not.toEqual(scheduleOf(124));
  expect(decisionsOf(123, 'u01/1')).toEqual(decisionsOf(123, 'u01/1'));
  expect(decisionsOf(123, 'u01/1')).not.toEqual(decisionsOf(123, 'u02/1'));
});

test('calls of one stream change nothing for another', () => {
  const random = new Random(5);
  const before = random.stream('a').next();
  random.stream('b').next();
  random.next();
  expect(random.stream('a').next()).toBe(before);
});

test('every kind of fault occurs once in each round, and on every server in the long run', () => {
  const round = scheduleOf(7, FAULT_KINDS.length).map(({ kind }) => kind);
  expect(round.toSorted()).toEqual(FAULT_KINDS.toSorted());
  expect(new Set(scheduleOf(7, 100).map(({ server }) => server))).toEqual(new Set([0, 1, 2]));
});

test('invalid options are refused with a sentence', () => {
  expect(readOptions(['--seed', '123', '--minutes', '0.5', '--sabotage', 'leak'])).toMatchObject({
    seed: 123,
    minutes: 0.5,
    clients: 60,
    sabotage: 'leak',
  });
  expect(readOptions(['--help'])).toBe('help');
  for (const wrong of [
    ['--clients', '1'],
    ['--minutes', 'x'],
    ['--sabotage', 'x'],
    ['--seeds', '1'],
  ]) {
    expect(() => readOptions(wrong)).toThrow(WrongOption);
  }
});
