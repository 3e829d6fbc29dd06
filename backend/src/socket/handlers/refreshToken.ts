import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import { AppError } from '../../utils/appError.js';
import type { SocketContext, HandlerParts } from './types.js';

/** Renews a connection's token, also after it has expired. A token of somebody else never changes who one is. */
export async function refreshToken(
  { tokens, users, sessions }: Pick<HandlerParts, 'tokens' | 'users' | 'sessions'>,
  { principal, socket }: SocketContext,
  payload: CommandPayload<'auth:refresh'>,
): Promise<CommandData<'auth:refresh'>> {
  const renewed = tokens.verify(payload.token);
  if (renewed.userId !== principal.userId) {
    throw new AppError('FORBIDDEN', 'The new token is of another user: open a connection of its own.');
  }
  if (!users.isFresh()) await users.refresh();
  await users.welcome(renewed);
  if (socket.connected) {
    if (socket.data.live) sessions.end(socket);
    sessions.begin(socket, renewed);
  }
  return { userId: renewed.userId, expiresAt: new Date(renewed.expiresAtMs).toISOString() };
}
