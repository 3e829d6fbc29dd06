import type { ParleyLogger } from '../api/logger.js';
import type { TokenReason } from '../api/token.js';
import { withTimeout } from '../errors/withTimeout.js';
import { startTimer } from './elapsed.js';
import { readClaims } from './jwt.js';

/** A token is renewed when this part of its lifetime is left, but at most `MAX_MARGIN_MS` before its end. */
const MARGIN_SHARE = 0.2;
const MAX_MARGIN_MS = 60_000;
/** Even a token that seems to have no lifetime is used for this long: the server decides. */
const MIN_FRESH_MS = 1_000;
/** A call of `getToken` that has not ended after this time counts as failed. */
const CALL_TIMEOUT_MS = 60_000;

export interface HeldToken {
  value: string;
  userId: string | undefined;
  /** Milliseconds until it should be renewed, counted from now; Infinity when the token does not tell when it expires. */
  freshForMs: () => number;
}

/** `signedOut`: the app has no token for a user any more. `failed`: it could not be had now; try again later. */
export type TokenResult = { token: HeldToken } | 'signedOut' | 'failed';

/** The user's token: fetched from the app, kept until shortly before it expires. */
export interface Tokens {
  /** Returns the held token while it is fresh and was not refused, else calls `getToken`. Calls at the same time share one. */
  get: (reason: TokenReason) => Promise<TokenResult>;
  /** The server has refused this token: it is not used again. */
  refuse: (value: string) => void;
  /** Calls `getToken` even though the held token may be fresh. */
  renew: (reason: TokenReason) => Promise<TokenResult>;
  clear: () => void;
  /** Message of the error with which the last call of `getToken` has failed. */
  readonly failure: string | undefined;
}

export interface TokenDeps {
  getToken: (reason: TokenReason) => Promise<string | undefined>;
  logger: ParleyLogger;
}

export function createTokens({ getToken, logger }: TokenDeps): Tokens {
  let held: HeldToken | undefined;
  let failure: string | undefined;
  let calling: Promise<TokenResult> | undefined;

  async function call(reason: TokenReason): Promise<TokenResult> {
    try {
      const value = await withTimeout(getToken(reason), CALL_TIMEOUT_MS, 'getToken has not answered');
      if (value === undefined || value === '') {
        held = undefined;
        return 'signedOut';
      }
      // An app that still returns the held token has none that is newer: the server says when it has expired.
      held = held?.value === value ? { ...held, freshForMs: () => Infinity } : hold(value);
      return { token: held };
    } catch (error) {
      failure = describe(error);
      logger.warn('getToken failed', { reason, error: failure });
      return 'failed';
    }
  }

  function renew(reason: TokenReason): Promise<TokenResult> {
    calling ??= call(reason).finally(() => {
      calling = undefined;
    });
    return calling;
  }

  return {
    renew,
    get failure() {
      return failure;
    },
    get(reason) {
      if (held !== undefined && held.freshForMs() > 0) return Promise.resolve({ token: held });
      return renew(held === undefined ? reason : 'expiring');
    },
    refuse(value) {
      if (held?.value === value) held = undefined;
    },
    clear() {
      held = undefined;
    },
  };
}

function hold(value: string): HeldToken {
  const { userId, lifetimeMs } = readClaims(value);
  const elapsedMs = startTimer();
  // A duration and not `exp` itself: the device's clock may be wrong by years.
  const freshMs =
    lifetimeMs === undefined
      ? Infinity
      : Math.max(MIN_FRESH_MS, lifetimeMs - Math.min(MAX_MARGIN_MS, lifetimeMs * MARGIN_SHARE));
  return { value, userId, freshForMs: () => freshMs - elapsedMs() };
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
