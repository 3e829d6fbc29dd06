/**
 * What to do about each error code, as the server's contract says: `same` — ask again with the same id; `later` — the
 * same after `retryAfterMs`; `auth` — get a new token first; `never` — the request itself has to change.
 *
 * @type {Record<string, 'same' | 'later' | 'auth' | 'never'>}
 */
export const RETRY = {
  VALIDATION: 'never',
  UNAUTHENTICATED: 'auth',
  TOKEN_EXPIRED: 'auth',
  FORBIDDEN: 'never',
  NOT_FOUND: 'never',
  NOT_PARTICIPANT: 'never',
  BLOCKED: 'never',
  CONFLICT: 'never',
  LIMIT_EXCEEDED: 'never',
  RATE_LIMITED: 'later',
  TOO_LARGE: 'never',
  UNAVAILABLE: 'same',
  INTERNAL: 'same',
};

/**
 * A code that is not in the table (a newer server, a time-out, no connection) says nothing about the message: it may
 * be stored or not, so the same id is sent again.
 *
 * @param {string} code
 */
export const retryOf = (code) => RETRY[code] ?? 'same';

/** @type {Record<string, string>} */
const REASONS = {
  NOT_PARTICIPANT: 'You are not in this conversation.',
  BLOCKED: 'This person cannot be written to.',
  FORBIDDEN: 'You may not do this.',
  TOO_LARGE: 'The message is too long.',
  LIMIT_EXCEEDED: 'A limit was reached.',
};

/**
 * A sentence for people, for a message that cannot be sent as it is.
 *
 * @param {string | undefined} code
 */
export const reasonOf = (code) => (code === undefined ? undefined : REASONS[code]);
