import type { IncomingMessage } from 'node:http';
import type { Config } from '../../config.js';
import type { RateLimits } from '../../pipeline/rateLimits.js';
import { AppError, unavailable } from '../../utils/appError.js';
import { addressOf } from '../../utils/remoteAddress.js';
import { isAllowedOrigin } from './origins.js';

/** Maximum unauthenticated connections at a time: the memory that anyone can make the server use. */
const MAX_UNAUTHENTICATED = 5_000;

export interface ConnectionGuardDeps {
  config: Pick<Config, 'CORS_ORIGINS' | 'TRUST_PROXY' | 'MAX_SOCKETS'>;
  rateLimits: RateLimits;
  /** Number of open connections of this process, and of those that are authenticated. */
  count: () => { open: number; authenticated: number };
}

/**
 * Checks a new connection before any state is kept for it. A refusal costs only an HTTP response: status 403 (set by
 * engine.io), the reason, and `Retry-After` where it is known.
 *
 * Returns the reason for a refusal; undefined when the connection is accepted.
 */
export async function checkConnection(
  { config, rateLimits, count }: ConnectionGuardDeps,
  request: IncomingMessage,
): Promise<AppError | undefined> {
  if (!isAllowedOrigin(request, config.CORS_ORIGINS)) return new AppError('FORBIDDEN', 'origin not allowed');
  const { open, authenticated } = count();
  if (open >= config.MAX_SOCKETS) return unavailable('too many connections');
  if (open - authenticated >= MAX_UNAUTHENTICATED) return unavailable('too many unauthenticated connections');
  try {
    await rateLimits.consume('connect', addressOf(request, config.TRUST_PROXY));
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
