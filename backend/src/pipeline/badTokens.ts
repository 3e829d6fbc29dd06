import { AppError } from '../utils/appError.js';
import type { RateLimits } from './rateLimits.js';

/**
 * Verifies a token; what is no valid one counts against the address that sent it. Only who sends bad tokens is slowed
 * down: others behind the same address go on. An expired token is a good one that has to be renewed.
 *
 * @throws AppError what `verify` throws, or `RATE_LIMITED`.
 */
export async function countingBadTokens<T>(
  rateLimits: RateLimits,
  address: string,
  verify: () => T,
): Promise<T> {
  try {
    return verify();
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') {
      await rateLimits.consume('badToken', address);
    }
    throw error;
  }
}
