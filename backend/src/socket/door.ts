import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import { AppError, unavailable } from '../utils/appError.js';
import { addressOf } from '../utils/remoteAddress.js';
import { isAllowedOrigin } from './origins.js';

/** Connections that have not said who they are, at a time: what anybody at all can make the server hold. */
const MAX_UNKNOWN = 5_000;

export interface DoorParts {
  config: Pick<Config, 'CORS_ORIGINS' | 'TRUST_PROXY' | 'MAX_SOCKETS'>;
  rateLimits: RateLimits;
  /** Connections of this process, and those of them whose user is known. */
  count: () => { open: number; known: number };
}

/**
 * Judges a new connection before anything is kept for it. Refused here, it costs nothing: an HTTP answer, 403 as
 * engine.io has it, with the reason and, where it is known, `Retry-After`.
 *
 * @returns why it is refused.
 */
export async function judgeConnection(
  { config, rateLimits, count }: DoorParts,
  request: IncomingMessage,
): Promise<AppError | undefined> {
  if (!isAllowedOrigin(request, config.CORS_ORIGINS)) return new AppError('FORBIDDEN', 'origin not allowed');
  const { open, known } = count();
  if (open >= config.MAX_SOCKETS) return unavailable('too many connections');
  if (open - known >= MAX_UNKNOWN) return unavailable('too many connections that have not said who they are');
  try {
    await rateLimits.consume('connect', addressOf(request, config.TRUST_PROXY));
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
