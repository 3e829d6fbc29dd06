import type { Router } from 'express';
import { COMMAND_ROUTES, ENDPOINTS } from '../../../../contract/index.js';
import { mountCommand, type RouteDeps } from '../route.js';

/** Mounts the HTTP routes of commands. Path, query, body and the fixed fields of a route together are the payload. */
export function mountCommands(router: Router, deps: RouteDeps): void {
  for (const name of COMMAND_ROUTES) {
    const { command, fixed } = ENDPOINTS[name];
    mountCommand(deps, router, {
      name,
      command,
      toPayload: ({ params, query, body }) => ({ ...params, ...query, ...body, ...fixed }),
    });
  }
}
