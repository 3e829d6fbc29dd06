/**
 * Whether to repeat a command that was refused with a code. `same`: with the same `clientMessageId`; nothing is stored twice.
 * `later`: after `retryAfterMs`. `auth`: with a new token. `never`: the request has to change.
 */
export type RetryRule = 'same' | 'later' | 'auth' | 'never';

/** Error codes of the server with their retry rule. Meanings: `docs/errors.md`. */
export const RETRY = {
  VALIDATION: 'never',
  UNAUTHENTICATED: 'auth',
  TOKEN_EXPIRED: 'auth',
  FORBIDDEN: 'never',
  NOT_FOUND: 'never',
  METHOD_NOT_ALLOWED: 'never',
  NOT_PARTICIPANT: 'never',
  BLOCKED: 'never',
  CONFLICT: 'never',
  LIMIT_EXCEEDED: 'never',
  REJECTED: 'never',
  RATE_LIMITED: 'later',
  TOO_LARGE: 'never',
  NOT_CONFIGURED: 'never',
  UNAVAILABLE: 'same',
  INTERNAL: 'same',
} as const satisfies Record<string, RetryRule>;

export type ErrorCode = keyof typeof RETRY;

/** Path of a wrong field and the rule it breaks. Never contains the value. */
export interface ErrorDetail {
  path: string;
  rule: string;
}

export interface Success<Data> {
  success: true;
  data: Data;
}

export interface Failure {
  success: false;
  /** Message for developers. */
  error: string;
  code: ErrorCode;
  details?: ErrorDetail[] | undefined;
  /** Set in answers to `sendMessage`. */
  clientMessageId?: string | undefined;
  /** Milliseconds after which a repetition makes sense. */
  retryAfterMs?: number | undefined;
  /** Identifies the log line of an `INTERNAL` error. */
  requestId?: string | undefined;
}

/** Answer to a command. */
export type Answer<Data> = Success<Data> | Failure;
