import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { displayName, pictureUrl, userId, type UserId } from '../../../contract/index.js';
import type { JwtAlgorithm } from '../utils/jwtAlgorithms.js';
import { AppError } from '../utils/appError.js';

export interface TokenKeys {
  algorithms: readonly JwtAlgorithm[];
  secret?: string | undefined;
  publicKey?: string | undefined;
  audience?: string | undefined;
  issuer?: string | undefined;
}

/** Who calls, as their token says: nothing about identity is ever read from a payload. */
export interface Principal {
  userId: UserId;
  issuedAtMs: number;
  expiresAtMs: number;
  /** What the app's backend put into the token: the first profile of a user who is new here. */
  name?: string | undefined;
  avatar?: string | undefined;
  /** What the app's backend lets its bearer do besides: `moderator`, `backend`. */
  roles?: readonly string[] | undefined;
}

/** Roles of tokens that this server knows. */
export type TokenRole = 'moderator' | 'backend';

export const hasRole = ({ roles }: Principal, ...wanted: TokenRole[]): boolean =>
  wanted.some((role) => roles?.includes(role) === true);

/** The last second that a `Date` can name. */
const MAX_TIME_S = 8.64e12;

/** `exp` is required; a token without `iat` counts as issued at the beginning of time, and so as revoked by any revocation. */
const claims = z.object({
  sub: userId,
  exp: z.number().positive().max(MAX_TIME_S),
  iat: z.number().nonnegative().default(0),
  name: displayName.optional().catch(undefined),
  picture: pictureUrl.optional().catch(undefined),
  roles: z.array(z.string()).optional().catch(undefined),
});

const refused = (reason: string, cause?: unknown): AppError =>
  new AppError('UNAUTHENTICATED', `The token is not valid: ${reason}.`, { cause });

/** Verifies tokens. The key is chosen by the kind of algorithm, so a public key is never taken for a shared secret. */
export class TokenVerifier {
  readonly keys: TokenKeys;
  /** Made once: making a key costs more than checking a signature. */
  readonly #secret: KeyObject | undefined;
  readonly #publicKey: KeyObject | undefined;

  constructor(keys: TokenKeys) {
    this.keys = keys;
    this.#secret = keys.secret === undefined ? undefined : createSecretKey(Buffer.from(keys.secret));
    this.#publicKey = keys.publicKey === undefined ? undefined : createPublicKey(keys.publicKey);
  }

  /** @throws AppError `UNAUTHENTICATED` or `TOKEN_EXPIRED`. */
  verify(token: string): Principal {
    const parsed = claims.safeParse(this.#verifySignature(token));
    if (!parsed.success) throw refused('sub and exp are needed, and sub must be a user id');
    const { sub, exp, iat, name, picture, roles } = parsed.data;
    return { userId: sub, issuedAtMs: iat * 1_000, expiresAtMs: exp * 1_000, name, avatar: picture, roles };
  }

  #verifySignature(token: string): unknown {
    const algorithm = this.#algorithmOf(token);
    const key = algorithm.startsWith('HS') ? this.#secret : this.#publicKey;
    if (key === undefined) throw refused('its algorithm is not accepted here');
    try {
      return jwt.verify(token, key, {
        algorithms: [algorithm],
        ...(this.keys.audience !== undefined && { audience: this.keys.audience }),
        ...(this.keys.issuer !== undefined && { issuer: this.keys.issuer }),
      });
    } catch (error) {
      if (error instanceof jwt.TokenExpiredError)
        throw new AppError('TOKEN_EXPIRED', 'The token has expired.');
      throw refused(error instanceof jwt.JsonWebTokenError ? error.message : 'it cannot be verified', error);
    }
  }

  /** The algorithm that the token claims, if it is one of those accepted (`none` never is). */
  #algorithmOf(token: string): JwtAlgorithm {
    let claimed: string | undefined;
    try {
      claimed = jwt.decode(token, { complete: true })?.header.alg;
    } catch (error) {
      throw refused('it cannot be read', error);
    }
    const accepted = this.keys.algorithms.find((algorithm) => algorithm === claimed);
    if (accepted === undefined) throw refused('its algorithm is not accepted here');
    return accepted;
  }
}
