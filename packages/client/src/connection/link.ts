import type { ConnectionState } from '../api/snapshots.js';
import type { CommandData, CommandName, CommandPayload, Failure, PushName, Success } from '../wire/index.js';

/** The answer to a command. `OFFLINE` and `TIMEOUT` are the client's own codes. */
export type LinkAnswer<Name extends CommandName> =
  | Success<CommandData<Name>>
  | Failure
  | { success: false; code: 'OFFLINE' | 'TIMEOUT'; error: string; retryAfterMs?: number | undefined };

/** Runs a command; never rejects. A refused token is renewed once, and the command repeated. */
export type Ask = <Name extends CommandName>(name: Name, payload: CommandPayload<Name>) => Promise<LinkAnswer<Name>>;

/**
 * What the rest of the SDK sees of the connection. Two implementations: `connection/socketLink.ts` holds the socket;
 * `tabs/followerLink.ts` runs commands through the tab that holds it.
 */
export interface Link {
  start: () => void;
  stop: () => void;
  ask: Ask;
  /** Sends what may be lost (typing). */
  tell: (name: 'typing', payload: CommandPayload<'typing'>) => void;
  /** Reconnects now instead of after the current wait: the network or the user is back. */
  hurry: () => void;
  /** Closes a connection that does not answer, and opens another. */
  restart: () => void;
  /** The connection has synchronised: the next loss begins with short waits again. */
  settle: () => void;
}

/** What a link reports. `onPush` receives data that the contract's version of the server sends; unknown events are passed on too. */
export interface LinkEvents {
  onState: (state: ConnectionState) => void;
  onOnline: () => void;
  onOffline: () => void;
  onPush: (name: PushName, data: unknown) => void;
  /** A token was accepted, or told its user before the first connect. */
  onUser: (userId: string) => void;
}
