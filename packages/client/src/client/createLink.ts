import type { ParleyClientOptions, ParleyLogger } from '../api/options.js';
import type { Link, LinkEvents } from '../connection/link.js';
import { SocketLink } from '../connection/socketLink.js';
import type { Tokens } from '../connection/tokens.js';

export interface CreateLinkDeps {
  options: Pick<ParleyClientOptions, 'url' | 'transports' | 'tabs'>;
  userId: string;
  tokens: Tokens;
  events: LinkEvents;
  logger: ParleyLogger;
}

/** Creates the connection of one user: a socket, shared with the user's other tabs where the platform can. */
export function createLink({ options, tokens, events, logger }: CreateLinkDeps): Link {
  const { url, transports } = options;
  return new SocketLink({ url, transports, tokens, events, logger });
}
