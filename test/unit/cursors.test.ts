import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeCursor, encodeCursor, timeMs } from '../../backend/src/utils/cursors.js';
import { AppError } from '../../backend/src/utils/appError.js';

const schema = z.tuple([timeMs, z.string().regex(/^[0-9a-f]{24}$/)]);
const ID = '0123456789abcdef01234567';

const codeOf = (cursor: string): string => {
  try {
    decodeCursor(cursor, schema);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
};

test('a decoded cursor equals the encoded one', () => {
  expect(decodeCursor(encodeCursor([1_700_000_000_000, ID]), schema)).toEqual([1_700_000_000_000, ID]);
});

test.each([
  ['nothing', ''],
  ['no base64', '???'],
  ['no JSON', Buffer.from('{').toString('base64url')],
  ['null', encodeCursor(null as never)],
  ['an object', Buffer.from('{"0":1,"1":"x"}').toString('base64url')],
  ['too short', encodeCursor([1])],
  ['too long', encodeCursor([1, ID, 1])],
  ['a time that no clock shows', encodeCursor([8.64e15 + 1, ID])],
  ['a time before all time', encodeCursor([-1, ID])],
  ['half a millisecond', encodeCursor([0.5, ID])],
  ['an operator for a time', encodeCursor([{ $gt: 0 }, ID])],
  ['an operator for an id', encodeCursor([1, { $ne: null }])],
  ['an id of capitals', encodeCursor([1, ID.toUpperCase()])],
])('a cursor of %s is refused with VALIDATION', (_what, cursor) => {
  expect(codeOf(cursor)).toBe('VALIDATION');
});

test('any text is either a valid cursor or refused (promise 10)', () => {
  fc.assert(fc.property(fc.string(), (text) => ['accepted', 'VALIDATION'].includes(codeOf(text))));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const cursor = Buffer.from(JSON.stringify(value)).toString('base64url');
      return ['accepted', 'VALIDATION'].includes(codeOf(cursor));
    }),
  );
});
