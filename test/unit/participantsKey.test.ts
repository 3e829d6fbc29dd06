import fc from 'fast-check';
import { expect, test } from 'vitest';
import { participantsKey, sortPair } from '../../backend/src/utils/participantsKey.js';

/** Generates ids that are likely to collide: few characters, most of them special in a key. */
const id = fc.string({ unit: fc.constantFrom('a', 'b', '_', '%', '5', 'F', '2', '😀', 'é'), minLength: 1 });
const pair = fc.tuple(id, id);
const samePair = ([a, b]: [string, string], [c, d]: [string, string]): boolean =>
  (a === c && b === d) || (a === d && b === c);

test('a pair has the same key in both orders (promise 1)', () => {
  fc.assert(fc.property(pair, ([a, b]) => participantsKey(a, b) === participantsKey(b, a)));
});

test('two pairs never share a key (promise 1)', () => {
  fc.assert(
    fc.property(pair, pair, (one, other) => {
      const sameKey = participantsKey(...one) === participantsKey(...other);
      expect(sameKey).toBe(samePair(one, other));
    }),
    { numRuns: 5_000 },
  );
});

test('ids that contain the separator, or look like an escape, have different keys', () => {
  expect(participantsKey('a_b', 'c')).not.toBe(participantsKey('a', 'b_c'));
  expect(participantsKey('a%5Fb', 'c')).not.toBe(participantsKey('a_b', 'c'));
  expect(participantsKey('a%', '5F')).not.toBe(participantsKey('a_', '5F'));
  expect(participantsKey('%', '_')).not.toBe(participantsKey('%25', '%5F'));
});

test('plain ids are sorted and joined by an underscore, as in existing data', () => {
  expect(participantsKey('bob', 'alice')).toBe('alice_bob');
});

test('pairs are sorted by code units, so that every process has the same order', () => {
  expect(sortPair('b', 'a')).toEqual(['a', 'b']);
  expect(sortPair('a', 'B')).toEqual(['B', 'a']);
  expect(sortPair('é', 'z')).toEqual(['z', 'é']);
});
