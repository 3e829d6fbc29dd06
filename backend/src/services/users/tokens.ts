import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { displayName, LIMITS, pictureUrl, userId, type UserId } from '../../../../contract/index.js';
import type { JwtAlgorithm } from '../../utils/jwtAlgorithms.js';
import { AppError } from '../../utils/appError.js';
import { cutText } from '../../utils/cutText.js';

export interface TokenKeys {
  algorithms: readonly JwtAlgorithm[];
  secret?: string | undefined;
  publicKey?: string | undefined;
  audience?: string | undefined;
  issuer?: string | undefined;
  /** Time by which the clock of the token issuer may be ahead of this one, in ms. */
  leewayMs?: number | undefined;
  /** Returns true if a picture with this URL may be shown. Without it, every URL is accepted. */
  acceptsUrl?: ((url: string) => boolean) | undefined;
}

/** Authenticated caller, from the token only. Identity is never read from a payload. */
export interface Principal {
  userId: UserId;
  issuedAtMs: number;
  expiresAtMs: number;
  /** Profile from the token; used as the first profile of a new user. */
  name?: string | undefined;
  avatar?: string | undefined;
  /** Roles assigned by the app's backend: `moderator`, `backend`. */
  roles?: readonly string[] | undefined;
}

/** Roles of tokens that this server knows. */
export type TokenRole = 'moderator' | 'backend';

export const hasRole = ({ roles }: Principal, ...wanted: TokenRole[]): boolean =>
  wanted.some((role) => roles?.includes(role) === true);

/** Last second that a `Date` can represent. */
const MAX_TIME_S = 8.64e12;

/** Shortens a name that is too long. Without a name, the user could not be recognised. */
const shorten = (name: string): string => cutText(name.trim(), LIMITS.maxNameChars);

/**
 * Token claims. `exp` is required. A token without `iat` counts as issued in 1970, so that every revocation applies.
 */
const claims = z.object({
  sub: userId,
  exp: z.number().positive().max(MAX_TIME_S),
  iat: z.number().nonnegative().max(MAX_TIME_S).default(0),
  nbf: z.number().optional(),
  name: z.string().overwrite(shorten).pipe(displayName).optional().catch(undefined),
  picture: pictureUrl.optional().catch(undefined),
  roles: z.array(z.string()).optional().catch(undefined),
});

const DEFAULT_LEEWAY_MS = 5_000;

/** Converts seconds, which may be fractional, to ms. Adds 0.001 ms against the rounding error of binary fractions. */
const toMs = (seconds: number): number => Math.floor(seconds * 1_000 + 0.001);

const refused = (reason: string, cause?: unknown): AppError =>
  new AppError('UNAUTHENTICATED', `The token is not valid: ${reason}.`, { cause });

/** Verifies tokens. The algorithm determines the key, so a public key is never used as a shared secret. */
export class TokenVerifier {
  readonly keys: TokenKeys;
  /** Created once: creating a key takes longer than verifying a signature. */
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
    const { sub, exp, iat, nbf = 0, name, picture, roles } = parsed.data;
    this.#requirePast({ iat, nbf });
    return {
      userId: sub,
      issuedAtMs: toMs(iat),
      expiresAtMs: exp * 1_000,
      name,
      avatar: picture !== undefined && this.keys.acceptsUrl?.(picture) === false ? undefined : picture,
      roles,
    };
  }

  /** Refuses tokens from the future: such a token would outlive every revocation until its time of issue. */
  #requirePast({ iat, nbf }: { iat: number; nbf: number }): void {
    const latestMs = Date.now() + (this.keys.leewayMs ?? DEFAULT_LEEWAY_MS);
    if (toMs(nbf) > latestMs) throw refused('it is not valid yet');
    if (toMs(iat) > latestMs) throw refused('it was issued in the future');
  }

  #verifySignature(token: string): unknown {
    const algorithm = this.#algorithmOf(token);
    const key = algorithm.startsWith('HS') ? this.#secret : this.#publicKey;
    if (key === undefined) throw refused('its algorithm is not accepted here');
    try {
      return jwt.verify(token, key, {
        algorithms: [algorithm],
        // Checked by `#requirePast` with a leeway. A leeway for `exp` would extend the life of every token.
        ignoreNotBefore: true,
        ...(this.keys.audience !== undefined && { audience: this.keys.audience }),
        ...(this.keys.issuer !== undefined && { issuer: this.keys.issuer }),
      });
    } catch (error) {
      if (error instanceof jwt.TokenExpiredError)
        throw new AppError('TOKEN_EXPIRED', 'The token has expired.');
      throw refused(error instanceof jwt.JsonWebTokenError ? error.message : 'it cannot be verified', error);
    }
  }

  /** Returns the algorithm that the token claims, if it is accepted (`none` never is). */
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
