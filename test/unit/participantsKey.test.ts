import fc from 'fast-check';
import { expect, test } from 'vitest';
import { participantsKey, sortPair } from '../../backend/src/utils/participantsKey.js';

/** Ids that try to collide: few characters, most of them special in a key. */
const id = fc.string({ unit: fc.constantFrom('a', 'b', '_', '%', '5', 'F', '2', '😀', 'é'), minLength: 1 });
const pair = fc.tuple(id, id);
const samePair = ([a, b]: [string, string], [c, d]: [string, string]): boolean =>
  (a === c && b === d) || (a === d && b === c);

test('a pair has the same key in both orders (invariant 1)', () => {
  fc.assert(fc.property(pair, ([a, b]) => participantsKey(a, b) === participantsKey(b, a)));
});

test('two pairs never share a key (invariant 1)', () => {
  fc.assert(
    fc.property(pair, pair, (one, other) => {
      const sameKey = participantsKey(...one) === participantsKey(...other);
      expect(sameKey).toBe(samePair(one, other));
    }),
    { numRuns: 5_000 },
  );
});

test('ids that contain the separator, or look like an escape, give keys of their own', () => {
  expect(participantsKey('a_b', 'c')).not.toBe(participantsKey('a', 'b_c'));
  expect(participantsKey('a%5Fb', 'c')).not.toBe(participantsKey('a_b', 'c'));
  expect(participantsKey('a%', '5F')).not.toBe(participantsKey('a_', '5F'));
  expect(participantsKey('%', '_')).not.toBe(participantsKey('%25', '%5F'));
});

test('plain ids are joined by an underscore, sorted, as old data has it', () => {
  expect(participantsKey('bob', 'alice')).toBe('alice_bob');
});

test('pairs are sorted by code units, so that every process arrives at the same order', () => {
  expect(sortPair('b', 'a')).toEqual(['a', 'b']);
  expect(sortPair('a', 'B')).toEqual(['B', 'a']);
  expect(sortPair('é', 'z')).toEqual(['z', 'é']);
});
