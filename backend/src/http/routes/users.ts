import type { Router } from 'express';
import { mount, type RouteParts } from '../route.js';

/** The caller's own profile and sessions. */
export function mountUsers(router: Router, parts: RouteParts): void {
  const { users } = parts;
  mount(parts, router, {
    name: 'getProfile',
    handle: async ({ userId }) => ({
      data: { user: (await users.views([userId])).get(userId) ?? { _id: userId } },
    }),
  });
  mount(parts, router, {
    name: 'updateProfile',
    handle: async ({ userId }, { body }) => ({ data: { user: await users.updateProfile(userId, body) } }),
  });
  mount(parts, router, {
    name: 'revokeTokens',
    handle: async ({ userId }) => ({
      data: { tokensValidFrom: (await users.revokeTokens(userId)).toISOString() },
    }),
  });
}
