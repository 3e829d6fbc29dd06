import type { ParleyLogger } from '../api/logger.js';
import type { Link, LinkEvents } from './link.js';
import type { Tokens } from './tokens.js';

export interface SharedLinkDeps {
  url: string;
  /** The user whom the app has named. Without one, the first token tells. */
  userId: string | undefined;
  tokens: Tokens;
  events: LinkEvents;
  /** Makes the link that holds the socket. Called each time this client begins to lead. */
  createLink: (events: LinkEvents) => Link;
  /** Id of this client, different from all others. */
  newId: () => string;
  logger: ParleyLogger;
}

/** Lets several clients of one user share a connection. Not part of the client itself, so that phones do not carry it. */
export interface TabCoordination {
  /** Returns the link of this client; undefined where the platform cannot coordinate. */
  readonly createSharedLink: (deps: SharedLinkDeps) => Link | undefined;
}
