import { v4 as uuid } from 'uuid';
import { z } from 'zod';
import { clientMessageId, type ErrorDetail, type Failure } from '../../../contract/index.js';
import { isDatabaseUnavailable } from '../models/unavailable.js';
import { AppError, unavailable } from '../utils/appError.js';
import { cutText } from '../utils/cutText.js';
import type { ThrottledLog } from '../utils/throttledLog.js';

const MAX_DETAILS = 10;
const MAX_DETAIL_CHARS = 200;

/** Returns path and rule of each violation. Values are left out: they may be message text. */
const toDetails = (error: z.ZodError): ErrorDetail[] =>
  error.issues.slice(0, MAX_DETAILS).map((issue) => ({
    path: cutText(issue.path.map(String).join('.'), MAX_DETAIL_CHARS),
    rule: cutText(issue.message, MAX_DETAIL_CHARS),
  }));

const isTooLong = (error: z.ZodError): boolean =>
  error.issues.some((issue) => issue.code === 'too_big' && issue.path.at(-1) === 'content');

/** Converts a schema violation to a reply error: `TOO_LARGE` for a text that is too long, otherwise `VALIDATION`. */
export function toInputError(error: z.ZodError): AppError {
  const details = toDetails(error);
  if (isTooLong(error)) return new AppError('TOO_LARGE', 'The text is too long.', { details });
  return new AppError('VALIDATION', 'The input does not fit the schema.', { details });
}

/**
 * Converts any thrown value to a failed answer. An `AppError` keeps its code, an unreachable database is `UNAVAILABLE`.
 * Anything else is a bug: it is logged with a request id and answered as `INTERNAL`.
 */
export function toFailure(error: unknown, log: ThrottledLog, context: { command: string }): Failure {
  if (error instanceof AppError) return fromAppError(error);
  if (isDatabaseUnavailable(error)) {
    log.warn(context.command, { err: error, ...context }, 'the database did not answer');
    return fromAppError(unavailable('The database does not answer.', error));
  }
  const requestId = uuid();
  const fields = { err: error, requestId, ...context };
  log.error(context.command, fields, 'a command failed because of a bug');
  return { success: false, code: 'INTERNAL', error: 'Internal server error.', requestId };
}

const fromAppError = (error: AppError): Failure => ({
  success: false,
  code: error.code,
  error: error.message,
  ...(error.details !== undefined && { details: error.details }),
  ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
});

const withClientMessageId = z.object({ clientMessageId });

/** Adds the payload's `clientMessageId` to a failure, also when the rest of the payload is invalid. */
export function withMessageId(failure: Failure, payload: unknown): Failure {
  const parsed = withClientMessageId.safeParse(payload);
  return parsed.success ? { ...failure, clientMessageId: parsed.data.clientMessageId } : failure;
}
