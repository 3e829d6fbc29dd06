import type { ParleyLogger } from '../api/options.js';
import type { Link, LinkEvents } from '../connection/link.js';
import type { Tokens } from '../connection/tokens.js';
import type { TabPorts } from './ports.js';

export interface TabLinkDeps {
  url: string;
  /** The user whom the app has named. Without one, the first token tells. */
  userId: string | undefined;
  tokens: Tokens;
  events: LinkEvents;
  /** Makes the link that holds the socket. Called each time this tab begins to lead. */
  createLink: (events: LinkEvents) => Link;
  ports: TabPorts;
  /** Id of this tab, different from all others. */
  newId: () => string;
  logger: ParleyLogger;
  /** Milliseconds in which a leader answers that is not frozen; two silences in a row replace it. Default: 3,000. */
  probeMs?: number | undefined;
}
