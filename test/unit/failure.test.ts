import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { toFailure, toInputError, withMessageId } from '../../backend/src/pipeline/failure.js';
import { AppError, unavailable } from '../../backend/src/utils/appError.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { ThrottledLog } from '../../backend/src/utils/throttledLog.js';
import { failure } from '../../contract/index.js';

const log = new ThrottledLog(createLogger({ level: 'silent', pretty: false }));
const { mongo } = mongoose;
const codeOf = (error: unknown): string => toFailure(error, log, { command: 'test' }).code;

test('a reply error keeps its code, its message and the time to retry', () => {
  const error = new AppError('FORBIDDEN', 'No.', { details: [{ path: 'a', rule: 'b' }], retryAfterMs: 5 });
  expect(toFailure(error, log, { command: 'test' })).toEqual({
    success: false,
    code: 'FORBIDDEN',
    error: 'No.',
    details: [{ path: 'a', rule: 'b' }],
    retryAfterMs: 5,
  });
});

test('an unreachable database is UNAVAILABLE: retry with the same id', () => {
  expect(codeOf(new mongo.MongoNetworkError('gone'))).toBe('UNAVAILABLE');
  expect(codeOf(new mongo.MongoServerSelectionError('none', {} as never))).toBe('UNAVAILABLE');
  for (const code of [1, 91, 189, 10_107, 11_600, 13_436]) {
    expect(codeOf(new mongo.MongoServerError({ message: 'not now', code }))).toBe('UNAVAILABLE');
  }
  expect(toFailure(unavailable('later'), log, { command: 'test' }).retryAfterMs).toBeGreaterThan(0);
});

test.each([
  ['a bug', new TypeError('x is not a function')],
  ['a text', 'thrown'],
  ['nothing', undefined],
  ['null', null],
  ['a refused write', new mongo.MongoServerError({ message: 'bad', code: 2 })],
  ['a wrong argument to the driver', new mongo.MongoInvalidArgumentError('bad')],
])('%s is INTERNAL, and tells nothing but the id of its log line', (_what, error) => {
  const shown = toFailure(error, log, { command: 'test' });
  expect(shown).toEqual({
    success: false,
    code: 'INTERNAL',
    error: expect.any(String) as string,
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
  });
  // The random digits may contain any word.
  expect(JSON.stringify({ ...shown, requestId: '' })).not.toMatch(/function|thrown|bad/);
  expect(failure.parse(shown)).toEqual(shown);
});

test('details contain path and rule, never the value, and are limited', () => {
  const schema = z.strictObject({ items: z.array(z.strictObject({ name: z.string().max(3) })) });
  const items = Array.from({ length: 50 }, () => ({ name: 'hunter2' }));
  const { code, details = [] } = toInputError(schema.safeParse({ items }).error as z.ZodError);
  expect(code).toBe('VALIDATION');
  expect(details).toHaveLength(10);
  expect(details[0]).toEqual({ path: 'items.0.name', rule: expect.any(String) as string });
  expect(JSON.stringify(details)).not.toContain('hunter2');
});

test('a detail is short, however long a key of the client is', () => {
  const parsed = z.strictObject({}).safeParse({ ['k'.repeat(100_000)]: 1 });
  const { details = [] } = toInputError(parsed.error as z.ZodError);
  expect(JSON.stringify(details).length).toBeLessThan(1_000);
});

test('a failure contains the clientMessageId, if the message has one', () => {
  const base = { success: false, code: 'VALIDATION', error: 'No.' } as const;
  expect(withMessageId(base, { clientMessageId: 'm-1', content: 7 })).toEqual({
    ...base,
    clientMessageId: 'm-1',
  });
  for (const payload of [
    undefined,
    null,
    7,
    [],
    {},
    { clientMessageId: { $ne: null } },
    { clientMessageId: '' },
  ]) {
    expect(withMessageId(base, payload)).toEqual(base);
  }
});
