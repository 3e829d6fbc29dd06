import { v4 as uuid } from 'uuid';
import { z } from 'zod';
import { clientMessageId, type ErrorDetail, type Failure } from '../../../contract/index.js';
import { isDatabaseUnavailable } from '../models/unavailable.js';
import { AppError, unavailable } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';

const MAX_DETAILS = 10;
const MAX_DETAIL_CHARS = 200;

/** Path and rule of what does not fit; never the value. */
const toDetails = (error: z.ZodError): ErrorDetail[] =>
  error.issues.slice(0, MAX_DETAILS).map((issue) => ({
    path: issue.path.map(String).join('.').slice(0, MAX_DETAIL_CHARS),
    rule: issue.message.slice(0, MAX_DETAIL_CHARS),
  }));

const isTooLong = (error: z.ZodError): boolean =>
  error.issues.some((issue) => issue.code === 'too_big' && issue.path.at(-1) === 'content');

/** Input that does not fit its schema, as a reply error. */
export function toInputError(error: z.ZodError): AppError {
  const details = toDetails(error);
  if (isTooLong(error)) return new AppError('TOO_LARGE', 'The text is too long.', { details });
  return new AppError('VALIDATION', 'The input does not fit the schema.', { details });
}

/** The one door for all failures: reply errors as they are, an absent database as such, anything else as a bug. */
export function toFailure(error: unknown, logger: Logger, context: { command: string }): Failure {
  if (error instanceof AppError) return fromAppError(error);
  if (isDatabaseUnavailable(error)) {
    logger.warn({ err: error, ...context }, 'the database could not answer');
    return fromAppError(unavailable('The database cannot answer now.', error));
  }
  const requestId = uuid();
  logger.error({ err: error, requestId, ...context }, 'a command failed by a fault of the server');
  return { success: false, code: 'INTERNAL', error: 'Something went wrong here.', requestId };
}

const fromAppError = (error: AppError): Failure => ({
  success: false,
  code: error.code,
  error: error.message,
  ...(error.details !== undefined && { details: error.details }),
  ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
});

const aboutMessage = z.object({ clientMessageId });

/** Answers about a message say which one, however wrong the rest of the payload was. */
export function withMessageId(failure: Failure, payload: unknown): Failure {
  const parsed = aboutMessage.safeParse(payload);
  return parsed.success ? { ...failure, clientMessageId: parsed.data.clientMessageId } : failure;
}
