import { z } from 'zod';
import { AppError } from './appError.js';

/**
 * Encodes a cursor: base64url of a JSON tuple, opaque to clients. A cursor holds a position only; permissions are
 * checked again on every page, so a forged cursor gains nothing.
 */
export const encodeCursor = (values: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url');

/** Decodes and validates a cursor. @throws AppError `VALIDATION` when it was not issued by this server. */
export function decodeCursor<T extends z.ZodType>(cursor: string, schema: T): z.output<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (error) {
    throw new AppError('VALIDATION', 'The cursor was not issued by this server.', {
      details: [{ path: 'cursor', rule: 'must be a cursor from an earlier answer' }],
      cause: error,
    });
  }
}

/** Largest time that `Date` can represent, in ms since the epoch. */
const MAX_TIME_MS = 8.64e15;
/** A time inside a cursor, in ms since the epoch. */
export const timeMs = z.int().min(0).max(MAX_TIME_MS);
