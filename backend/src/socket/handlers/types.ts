import type { Services } from '../../services/index.js';
import type { Principal, TokenVerifier } from '../../services/tokens.js';
import type { OpenConversations } from '../openConversations.js';
import type { Sessions } from '../sessions.js';
import type { ChatSocket } from '../types.js';

export interface HandlerParts extends Pick<Services, 'presence' | 'users' | 'access' | 'heads'> {
  sessions: Sessions;
  tokens: TokenVerifier;
  openConversations: OpenConversations;
}

/** A parsed command of an authenticated connection. */
export interface SocketContext {
  principal: Principal;
  socketId: string;
  socket: ChatSocket;
}
