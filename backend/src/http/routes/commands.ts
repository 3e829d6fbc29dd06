import type { Router } from 'express';
import { COMMANDS, ENDPOINTS, ROUTED_COMMANDS, type RoutedCommand } from '../../../../contract/index.js';
import type { CommandHandlers } from '../../commands/types.js';
import { toInputError } from '../../pipeline/failure.js';
import { mount, type RouteParts } from '../route.js';

/** Every command that has a route: the parts of the request together are its payload, and its handler is the same. */
export function mountCommands(router: Router, parts: RouteParts, commands: CommandHandlers): void {
  for (const name of ROUTED_COMMANDS) mountCommand(router, parts, { name, commands });
}

/** What was there before was not made now, whatever the row says of what is made. */
const isOld = (data: object): boolean => 'created' in data && data.created === false;

function mountCommand(
  router: Router,
  parts: RouteParts,
  { name, commands }: { name: RoutedCommand; commands: CommandHandlers },
): void {
  mount(parts, router, {
    name,
    handle: async (principal, { params, query, body }) => {
      const parsed = COMMANDS[name].payload.safeParse({ ...params, ...query, ...body });
      if (!parsed.success) throw toInputError(parsed.error);
      // The table pairs each payload with its handler; a union over all rows cannot express that.
      const data = await commands[name]({ principal }, parsed.data as never);
      return { data: data as never, status: isOld(data) ? 200 : ENDPOINTS[name].status };
    },
  });
}
