/**
 * Error codes with their HTTP status, meaning and whether to retry. `same`: retry with the same `clientMessageId`; nothing
 * is stored twice. `later`: retry after `retryAfterMs`. `auth`: get a new token first. `never`: the request has to change.
 */
export const ERRORS = {
  VALIDATION: {
    status: 400,
    retry: 'never',
    meaning: 'The input does not match the schema; `details` list path and rule.',
  },
  UNAUTHENTICATED: {
    status: 401,
    retry: 'auth',
    meaning: 'No token or API key, or an invalid one (signature, algorithm, audience, revoked).',
  },
  TOKEN_EXPIRED: {
    status: 401,
    retry: 'auth',
    meaning: 'The token was valid and has expired; send a new one with `auth:refresh`.',
  },
  FORBIDDEN: { status: 403, retry: 'never', meaning: 'The caller is authenticated but may not do this.' },
  NOT_FOUND: { status: 404, retry: 'never', meaning: 'There is no such route, event or message.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retry: 'never',
    meaning: 'This HTTP path exists, but not with this method; the header `Allow` lists the methods.',
  },
  NOT_PARTICIPANT: {
    status: 403,
    retry: 'never',
    meaning:
      'The caller is not in this conversation, or it does not exist; which of the two is not revealed.',
  },
  BLOCKED: { status: 403, retry: 'never', meaning: 'One of the two users has blocked the other.' },
  CONFLICT: {
    status: 409,
    retry: 'never',
    meaning:
      'This `clientMessageId` (or `clientConversationId`, `clientAttachmentId`, `Idempotency-Key`) was used with different content, or an attachment is not in the state that this needs; nothing was stored.',
  },
  LIMIT_EXCEEDED: { status: 422, retry: 'never', meaning: 'A limit of size or number would be exceeded.' },
  REJECTED: {
    status: 422,
    retry: 'never',
    meaning: "The app's moderation refused this text; nothing was stored. `error` holds its reason.",
  },
  RATE_LIMITED: {
    status: 429,
    retry: 'later',
    meaning: 'Too many requests; nothing was done. Retry after `retryAfterMs`.',
  },
  TOO_LARGE: { status: 413, retry: 'never', meaning: 'The text or body is too long.' },
  NOT_CONFIGURED: {
    status: 422,
    retry: 'never',
    meaning: 'This server does not offer the feature: its operator has not configured it.',
  },
  UNAVAILABLE: {
    status: 503,
    retry: 'same',
    meaning: 'The outcome is unknown (database unreachable, overload, shutdown). Retry with the same id.',
  },
  INTERNAL: { status: 500, retry: 'same', meaning: 'An error of the server, logged with the request id.' },
} as const satisfies Record<
  string,
  { status: number; retry: 'same' | 'later' | 'auth' | 'never'; meaning: string }
>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** Codes that any command and any endpoint can be answered with; rows do not repeat them. */
export const GENERAL_CODES = [
  'VALIDATION',
  'UNAUTHENTICATED',
  'TOKEN_EXPIRED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];
