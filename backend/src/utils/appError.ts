import type { ErrorCode, ErrorDetail } from '../../../contract/index.js';

export interface AppErrorOptions {
  details?: ErrorDetail[];
  /** How long a client should wait before it asks again, in ms. */
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * A reply error: one command failed with a code from the contract's table, and the connection stays open. Services
 * throw it; only the socket and HTTP pipelines convert it to an answer.
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

/**
 * The database is unreachable, or this process is overloaded or stopping. Clients retry with the same idempotency key.
 */
export const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError('UNAVAILABLE', message, { retryAfterMs: 1_000, cause });

/** A rate limit was exceeded and nothing was changed. The same request is accepted after `retryAfterMs`. */
export const rateLimited = (message: string, retryAfterMs: number): AppError =>
  new AppError('RATE_LIMITED', message, { retryAfterMs });

/** One error for "does not exist" and "not yours", so that non-members cannot probe for conversations. */
export const notParticipant = (): AppError =>
  new AppError('NOT_PARTICIPANT', 'You are not a participant of this conversation.');

/** The idempotency key was already used for different content; nothing was stored. */
export const conflict = (message = 'This clientMessageId was used for another content.'): AppError =>
  new AppError('CONFLICT', message);
