import type { Server, Socket } from 'socket.io';
import type { Answer, ClientToServerEvents, Failure, ServerToClientEvents } from '../../../contract/index.js';
import type { Principal } from '../services/users/index.js';
import type { EncodedPush } from './encodedPush.js';

/** A connection of a legacy client (`legacy/`), which is addressed under its own event names and ids. */
export interface LegacyConnection {
  /** Sends a push under the legacy names, now or once the client's id of its conversation is known. */
  send(push: EncodedPush): void;
  /** Answers an event that the mapping does not know. */
  refuse(event: string, failure: Failure, acknowledge: ((answer: Answer<unknown>) => void) | undefined): void;
  /** Runs a command after the earlier ones of this connection. @throws AppError `RATE_LIMITED`. */
  inOrder<T>(command: () => Promise<T>): Promise<T>;
}

export interface SocketData {
  /** User and token of this connection. */
  principal: Principal;
  /** Remote address, for the audit log. */
  address: string;
  /** False from the expiry of the token until it is renewed: nothing is delivered to the connection. */
  live: boolean;
  /** True while the client says that its app is not in use. */
  isBackground?: boolean;
  /** Commands without an answer yet. */
  underWay: number;
  /** Commands refused through the client's own fault since the last success. */
  refusals: number;
  /** Set for legacy clients only. */
  legacy?: LegacyConnection;
}

type NoEvents = Record<string, never>;
export type ChatServer = Server<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
export type ChatSocket = Socket<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
