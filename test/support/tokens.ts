import jwt from 'jsonwebtoken';

/** The secret of every test server. */
export const TEST_SECRET = 'a-secret-of-the-tests-that-is-long-enough-0123456789';

/** Returns a token like an app's backend signs it; `overrides` replace claims, or remove them (undefined). */
export function makeToken(
  userId: string,
  overrides: Record<string, unknown> = {},
  options: { secret?: string; algorithm?: jwt.Algorithm } = {},
): string {
  const nowS = Math.floor(Date.now() / 1_000);
  const claims: Record<string, unknown> = { sub: userId, iat: nowS, exp: nowS + 3_600, ...overrides };
  const present = Object.fromEntries(Object.entries(claims).filter((claim) => claim[1] !== undefined));
  return jwt.sign(present, options.secret ?? TEST_SECRET, {
    algorithm: options.algorithm ?? 'HS256',
    // This option would also remove an `iat` that is set.
    noTimestamp: present['iat'] === undefined,
  });
}
