import type { ConnectionState } from '../state/types.js';
import type { CommandData, CommandName, CommandPayload, Failure, Success } from '../wire/index.js';

/** A failure on the client's side. */
export interface ClientFailure {
  success: false;
  code: 'OFFLINE' | 'TIMEOUT' | 'SIGNED_OUT' | 'CLOSED';
  error: string;
  retryAfterMs?: number | undefined;
}

/** The answer to a command. */
export type LinkAnswer<Name extends CommandName> = Success<CommandData<Name>> | Failure | ClientFailure;

export interface AskOptions {
  /** Milliseconds to wait for the answer. Default: 10,000. */
  timeoutMs?: number | undefined;
}

/**
 * Runs a command; never rejects. A refused token is renewed once, and the command repeated. An answer from after the end of
 * its connection is a `TIMEOUT`.
 */
export type Ask = <Name extends CommandName>(
  name: Name,
  payload: CommandPayload<Name>,
  options?: AskOptions,
) => Promise<LinkAnswer<Name>>;

/**
 * The connection, as the rest of the SDK sees it. Two implementations: `connection/socketLink.ts` holds the socket;
 * `tabs/` runs commands through the tab that holds it.
 */
export interface Link {
  start: () => void;
  /** Ends the connection for good; no event follows. */
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
  /** Exchanges messages with the other tabs of this user; undefined when this client stands alone. */
  tabs?: TabChannel | undefined;
}

/** Reports of a link. */
export interface LinkEvents {
  /** Every state but `online`: `syncing` says that the server can be asked, and the SDK turns it into `online`. */
  onState: (state: ConnectionState) => void;
  /** The server can be asked (again): time to `sync`. Also called when an expired session was renewed. */
  onOnline: () => void;
  onOffline: () => void;
  /** Data of a push as the server sent it; unknown events are passed on too. */
  onPush: (name: string, data: unknown) => void;
  /** A token is for this user: called for each new token, before the connection uses it. False: the link ends without connecting. */
  onUser: (userId: string) => boolean;
  /** Whether this client holds the outbox and the cache of the user's storage. Called on `start` in any case, and on each change. */
  onLeader: (isLeader: boolean) => void;
}

/** Messages about the shared outbox. Each tab applies them to its own state; only the leader sends and retries. */
export type TabMessage =
  /** A tab has stored an entry: new, or to be retried. */
  | { type: 'outboxQueued'; entry: unknown }
  /** A tab has discarded an entry, or the leader has removed it because it was stored. */
  | { type: 'outboxRemoved'; clientMessageId: string; isDiscarded: boolean; message?: unknown }
  | { type: 'outboxFailed'; clientMessageId: string; code: string; error: string }
  /** An upload was added (with its bytes), or has changed. */
  | { type: 'uploadChanged'; row: unknown; phase: string; sentBytes: number; file: unknown }
  /** The leader has done everything about an upload. */
  | { type: 'uploadRemoved'; id: string };

export interface TabChannel {
  /** Sends to all other tabs of this user. Messages are structured-cloneable, and may be lost when a tab is closed. */
  post: (message: TabMessage) => void;
  /** @returns a function that removes the listener */
  onMessage: (listener: (message: TabMessage) => void) => () => void;
}
