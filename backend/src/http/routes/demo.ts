import type { Router } from 'express';
import jwt from 'jsonwebtoken';
import type { UserId } from '../../../../contract/index.js';

/** Demo users, enough for a group; the last one is a moderator. `config.ts` refuses the demo in production. */
export const DEMO_USERS = [
  { _id: 'alice' as UserId, name: 'Alice Moreau' },
  { _id: 'bob' as UserId, name: 'Bob Tanaka' },
  { _id: 'carol' as UserId, name: 'Carol Osei' },
  { _id: 'dan' as UserId, name: 'Dan Lindqvist' },
  { _id: 'eva' as UserId, name: 'Eva Novak' },
  { _id: 'farid' as UserId, name: 'Farid Haddad' },
  { _id: 'mara' as UserId, name: 'Mara Stein', roles: ['moderator'] },
] as const;

/** Lifetime of a demo token, in seconds. */
const TOKEN_LIFE_S = 12 * 60 * 60;

export interface DemoOptions {
  secret: string;
  audience?: string | undefined;
  issuer?: string | undefined;
}

/** Mounts `GET /api/demo`, which returns a token for each demo user without authentication. */
export function mountDemo(router: Router, { secret, audience, issuer }: DemoOptions): void {
  router.get('/api/demo', (_request, response) => {
    const users = DEMO_USERS.map(({ _id, name, ...claims }) => ({
      _id,
      name,
      // `iat` has milliseconds, so that a token issued in the same second as a revocation is compared correctly.
      token: jwt.sign({ name, ...claims, iat: Date.now() / 1_000 }, secret, {
        subject: _id,
        expiresIn: TOKEN_LIFE_S,
        algorithm: 'HS256',
        ...(audience !== undefined && { audience }),
        ...(issuer !== undefined && { issuer }),
      }),
    }));
    response.json({ success: true, data: { users } });
  });
}
