import type { ParleyClientOptions, ParleyLogger } from '../api/options.js';
import type { Link, LinkEvents } from '../connection/link.js';
import { SocketLink } from '../connection/socketLink.js';
import type { Tokens } from '../connection/tokens.js';

export interface CreateLinkDeps {
  options: Pick<ParleyClientOptions, 'url' | 'transports' | 'tabs'>;
  /** Named by the app, or by a token. Undefined when only the storage remembers one: the next token tells. */
  userId: string | undefined;
  tokens: Tokens;
  events: LinkEvents;
  logger: ParleyLogger;
  newId: () => string;
}

/** Creates the connection of one user: a socket, shared with the user's other tabs where the app wants that. */
export function createLink(deps: CreateLinkDeps): Link {
  const { url, transports, tabs } = deps.options;
  const { userId, tokens, logger, newId } = deps;
  const createSocket = (events: LinkEvents): Link =>
    new SocketLink({ url, transports, tokens, events, logger });
  const shared = tabs?.createSharedLink({
    url,
    userId,
    tokens,
    events: deps.events,
    createLink: createSocket,
    newId,
    logger,
  });
  return shared ?? createSocket(deps.events);
}
