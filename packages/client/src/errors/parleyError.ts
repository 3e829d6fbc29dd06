import { RETRY, type ErrorCode, type ErrorDetail, type RetryRule } from '../wire/index.js';

/**
 * Codes that only a client gives. `OFFLINE`: there is no connection, nothing was sent. `TIMEOUT`: no answer in time, or the
 * connection was lost before it; the outcome is unknown. `SIGNED_OUT`: `getToken` gave no token, or `logout` was called.
 * `STORAGE`: the device's storage failed. `DISCARDED`: the message or upload was removed by the user. `CLOSED`: the client was
 * disposed of; unsent messages stay in the outbox. `UPLOAD_REJECTED`: the server does not take this file (`reason` of the
 * upload). `UPLOAD_REFUSED`: the store refused its bytes several times. `FILE_GONE`: its bytes are not on the device any more.
 */
export type ClientErrorCode =
  | 'OFFLINE'
  | 'TIMEOUT'
  | 'SIGNED_OUT'
  | 'STORAGE'
  | 'DISCARDED'
  | 'CLOSED'
  | 'UPLOAD_REJECTED'
  | 'UPLOAD_REFUSED'
  | 'FILE_GONE';

/** Codes of uploads that only the user can mend. */
const FINAL_CODES: readonly string[] = [
  'UPLOAD_REJECTED',
  'UPLOAD_REFUSED',
  'FILE_GONE',
] satisfies ClientErrorCode[];

/** A command that was refused or could not be answered. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode | ClientErrorCode;
  /** Milliseconds after which a repetition makes sense. */
  readonly retryAfterMs: number | undefined;
  /** Path and rule of each wrong field, with `VALIDATION`. */
  readonly details: readonly ErrorDetail[];
  /** Finds the server's log line of an `INTERNAL` error. */
  readonly requestId: string | undefined;

  constructor(
    code: ErrorCode | ClientErrorCode,
    message: string,
    more: {
      retryAfterMs?: number | undefined;
      details?: readonly ErrorDetail[] | undefined;
      requestId?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.retryAfterMs = more.retryAfterMs;
    this.details = more.details ?? [];
    this.requestId = more.requestId;
  }
}

/**
 * Returns what to do about an error code. A code that is not in the table (a newer server, a timeout, no connection) says
 * nothing about the command: it may have been carried out or not, so it is repeated with the same id.
 */
export function retryRuleOf(code: string): RetryRule {
  if (Object.hasOwn(RETRY, code)) return RETRY[code as ErrorCode];
  return FINAL_CODES.includes(code) ? 'never' : 'same';
}
