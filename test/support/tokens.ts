import jwt from 'jsonwebtoken';

/** The secret of every test server. */
export const TEST_SECRET = 'a-secret-of-the-tests-that-is-long-enough-0123456789';

/** A token as an app's backend would sign it; `overrides` replace or remove (undefined) claims. */
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
    // It would also strike out an `iat` that is there.
    noTimestamp: present['iat'] === undefined,
  });
}
