import jwt from 'jsonwebtoken';
import type { UserId } from '../../../../contract/index.js';
import { AppError } from '../../utils/appError.js';
import type { TokenKeys } from './tokens.js';

/** Lifetime of a token unless the caller wishes another one, in seconds. */
const DEFAULT_LIFE_S = 3_600;

/** Signs tokens of users with the server's secret, for backends without a JWT library. */
export class TokenIssuer {
  readonly #keys: TokenKeys;

  constructor(keys: TokenKeys) {
    this.#keys = keys;
  }

  /** @throws AppError `FORBIDDEN` when this server has only a public key. */
  issue(userId: UserId, expiresInS = DEFAULT_LIFE_S): { token: string; expiresAt: string } {
    const { algorithms, secret, audience, issuer } = this.#keys;
    const algorithm = algorithms.find((one) => one.startsWith('HS'));
    if (algorithm === undefined || secret === undefined) {
      throw new AppError(
        'FORBIDDEN',
        'This server verifies tokens with a public key (JWT_PUBLIC_KEY) and cannot sign any: sign them in your backend.',
      );
    }
    const nowMs = Date.now();
    const exp = Math.floor(nowMs / 1_000) + expiresInS;
    // `iat` has milliseconds, so that a token issued in the second of a revocation is compared correctly.
    const token = jwt.sign({ iat: nowMs / 1_000, exp }, secret, {
      subject: userId,
      algorithm,
      ...(audience !== undefined && { audience }),
      ...(issuer !== undefined && { issuer }),
    });
    return { token, expiresAt: new Date(exp * 1_000).toISOString() };
  }
}
