import type { Router } from 'express';
import jwt from 'jsonwebtoken';
import type { UserId } from '../../../../contract/index.js';
import type { UserDirectory } from '../../services/users/index.js';

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

export const DEMO_USER_IDS: readonly UserId[] = DEMO_USERS.map(({ _id }) => _id);

/** Stores the demo users, so that others find them before they have connected. */
export async function ensureDemoUsers(users: Pick<UserDirectory, 'ensureUser'>): Promise<void> {
  const times = { issuedAtMs: Date.now(), expiresAtMs: Infinity };
  await Promise.all(DEMO_USERS.map(({ _id, name }) => users.ensureUser({ userId: _id, name, ...times })));
}

/** Lifetime of a demo token, in seconds. */
const TOKEN_LIFE_S = 12 * 60 * 60;

export interface DemoTokens {
  secret: string;
  audience?: string | undefined;
  issuer?: string | undefined;
}

/** Mounts `GET /api/demo`, which returns a token for each demo user without authentication. */
export function mountDemoUsers(router: Router, { secret, audience, issuer }: DemoTokens): void {
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
