import type { Router } from 'express';
import type { StreamTickets } from '../../services/users/index.js';
import { mount, type RouteDeps } from '../route.js';

/** Mounts the endpoints of the caller's own profile and tokens. */
export function mountUsers(router: Router, deps: RouteDeps & { tickets: StreamTickets }): void {
  const { users, tickets } = deps;
  mount(deps, router, {
    name: 'getProfile',
    handle: async ({ userId }) => ({
      user: (await users.views([userId], userId)).get(userId) ?? { _id: userId },
    }),
  });
  mount(deps, router, {
    name: 'updateProfile',
    handle: async ({ userId }, { body }) => ({ user: await users.updateProfile(userId, body) }),
  });
  mount(deps, router, {
    name: 'revokeTokens',
    handle: async ({ userId }) => ({
      tokensValidFrom: (await users.revokeTokens(userId)).toISOString(),
    }),
  });
  mount(deps, router, {
    name: 'createStreamTicket',
    handle: (principal) => tickets.issue(principal),
  });
}
