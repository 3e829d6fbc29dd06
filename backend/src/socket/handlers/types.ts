import type { CommandName } from '../../../../contract/index.js';
import type { CommandContext } from '../../commands/types.js';
import type { Services } from '../../services/index.js';
import type { TokenVerifier } from '../../services/users/index.js';
import type { WatchedConversations } from '../delivery/index.js';
import type { Sessions } from '../connection/index.js';
import type { ChatSocket } from '../types.js';

export interface HandlerDeps extends Pick<Services, 'presence' | 'users' | 'access' | 'heads'> {
  sessions: Sessions;
  tokens: TokenVerifier;
  watchedConversations: WatchedConversations;
}

/** The caller of a command and the connection that it came over. */
export interface SocketContext<Name extends CommandName> extends CommandContext<Name> {
  socketId: string;
  socket: ChatSocket;
}
