import { z } from 'zod';
import { AppError } from '../utils/appError.js';

/**
 * Cursors are opaque to clients: base64url of a JSON tuple, parsed like any other input when they come back.
 * They only say where to go on; what may be seen is decided anew on every page, so a forged one gains nothing.
 */
export const encodeCursor = (parts: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** @throws AppError `VALIDATION` for anything that this server did not make. */
export function decodeCursor<T extends z.ZodType>(cursor: string, schema: T): z.output<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (error) {
    throw new AppError('VALIDATION', 'The cursor is not one of this server.', {
      details: [{ path: 'cursor', rule: 'must be a cursor from an earlier answer' }],
      cause: error,
    });
  }
}

const MAX_TIME_MS = 8.64e15;
export const timeMs = z.int().min(0).max(MAX_TIME_MS);
