import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { AppError } from '../../backend/src/utils/appError.js';
import { createLogger } from '../../backend/src/utils/logger.js';

const TEXT = 'meet me at the harbour';

function log(fields: object): string {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  createLogger({ level: 'info', pretty: false, destination: { write } }).warn(fields, 'failed');
  return lines.join('');
}

test('of an error of the database driver the failed operation is not logged, at no depth', () => {
  const { MongoServerError } = mongoose.mongo;
  const server = new MongoServerError({ message: 'no space left', code: 53, op: { content: TEXT } });
  // As a bulk write reports it.
  const bulk = new MongoServerError({ message: 'a write failed', code: 53 });
  Object.assign(bulk, { writeErrors: [{ err: { op: { content: TEXT } } }], result: { content: TEXT } });
  const cause = new AggregateError([bulk, new AppError('UNAVAILABLE', 'later', { cause: server })], 'many');
  for (const error of [server, bulk, cause, new Error('outside', { cause })]) {
    const line = log({ err: error, cause: error });
    expect(line).not.toContain('harbour');
    expect(line).toContain(error.message);
    expect(line).toContain('loggedError.test');
  }
  const logged = JSON.parse(log({ err: new Error('outside', { cause }) })) as { err: object };
  expect(logged.err).toMatchObject({
    type: 'Error',
    cause: { errors: [{ code: 53 }, { code: 'UNAVAILABLE', cause: { message: 'no space left' } }] },
  });
  expect(log({ err: { content: TEXT } })).not.toContain('harbour');
});
