import { AppError } from '../utils/appError.js';
import type { RateLimits } from './rateLimits.js';

/**
 * Verifies a token or an API key. An invalid one counts against the rate limit of the remote address. Valid tokens are not limited,
 * so other users behind one address are not affected. An expired token is not invalid: the client has to renew it.
 *
 * @throws AppError `RATE_LIMITED` (too many invalid tokens), and the errors of `verify`.
 */
export async function countingBadTokens<T>(
  rateLimits: RateLimits,
  address: string,
  verify: () => T | Promise<T>,
): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') {
      await rateLimits.consume('badToken', address);
    }
    throw error;
  }
}
