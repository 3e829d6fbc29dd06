import type { ErrorCode, ErrorDetail } from '../wire/index.js';

/** Codes that only a client gives: no connection, and no answer in time. The outcome of a `TIMEOUT` is unknown. */
export type ClientErrorCode = 'OFFLINE' | 'TIMEOUT' | 'SIGNED_OUT' | 'STORAGE';

/** A command that was refused or could not be answered. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode | ClientErrorCode;
  /** Milliseconds after which a repetition makes sense. */
  readonly retryAfterMs: number | undefined;
  /** Path and rule of each wrong field, of `VALIDATION`. */
  readonly details: readonly ErrorDetail[];
  /** Finds the server's log line of an `INTERNAL` error. */
  readonly requestId: string | undefined;

  constructor(
    code: ErrorCode | ClientErrorCode,
    message: string,
    more: { retryAfterMs?: number | undefined; details?: readonly ErrorDetail[] | undefined; requestId?: string | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.retryAfterMs = more.retryAfterMs;
    this.details = more.details ?? [];
    this.requestId = more.requestId;
  }
}
