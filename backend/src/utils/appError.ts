import type { ErrorCode, ErrorDetail } from '../../../contract/index.js';

export interface AppErrorOptions {
  details?: ErrorDetail[];
  /** How long a client should wait before it asks again, in ms. */
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * A reply error: this command failed with a code from the contract's table, the connection is fine.
 * Services throw it; only the two pipelines (socket and HTTP) turn it into an answer.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetail[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The database cannot answer now, or this process is full or stopping: ask again with the same id. */
export const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError('UNAVAILABLE', message, { retryAfterMs: 1_000, cause });

/** Too much of this for now; nothing was done. The same again passes after `retryAfterMs`. */
export const rateLimited = (message: string, retryAfterMs: number): AppError =>
  new AppError('RATE_LIMITED', message, { retryAfterMs });

/** One answer for "not yours" and "not there": a stranger learns nothing. */
export const notParticipant = (): AppError =>
  new AppError('NOT_PARTICIPANT', 'You are not a participant of this conversation.');

/** The id of a message is spent on another content: nothing was stored. */
export const conflict = (message = 'This clientMessageId was used for another content.'): AppError =>
  new AppError('CONFLICT', message);
