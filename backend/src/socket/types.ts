import type { Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from '../../../contract/index.js';
import type { Principal } from '../services/tokens.js';

export interface SocketData {
  /** Who this connection is, as the last token said. */
  principal: Principal;
  /** False from the expiry of the token until it is renewed: hears nothing. */
  live: boolean;
}

type NoEvents = Record<string, never>;
export type ChatServer = Server<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
export type ChatSocket = Socket<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
