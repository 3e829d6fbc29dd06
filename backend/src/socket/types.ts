import type { Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from '../../../contract/index.js';
import type { Principal } from '../services/tokens.js';
import type { OldClient } from './legacy/oldClient.js';

export interface SocketData {
  /** Who this connection is, as the last token said. */
  principal: Principal;
  /** False from the expiry of the token until it is renewed: hears nothing. */
  live: boolean;
  /** Commands that have no answer yet. */
  underWay: number;
  /** Commands refused by the client's own fault since the last success. */
  refusals: number;
  /** There when it is an old client (`legacy/`): what it hears is put into old names. */
  old?: OldClient;
}

type NoEvents = Record<string, never>;
export type ChatServer = Server<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
export type ChatSocket = Socket<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
