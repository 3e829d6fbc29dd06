import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import { AppError } from '../../utils/appError.js';
import type { SocketContext, HandlerDeps } from './types.js';

/** Renews the token of a connection, also after it has expired. The user of a connection never changes. */
export async function refreshToken(
  { tokens, users, sessions }: Pick<HandlerDeps, 'tokens' | 'users' | 'sessions'>,
  { principal, socket }: SocketContext<'auth:refresh'>,
  payload: CommandPayload<'auth:refresh'>,
): Promise<CommandData<'auth:refresh'>> {
  const renewed = tokens.verify(payload.token);
  if (renewed.userId !== principal.userId) {
    throw new AppError('FORBIDDEN', 'The new token belongs to another user: open a new connection for it.');
  }
  if (!users.isFresh()) await users.refresh();
  await users.ensureUser(renewed);
  if (socket.connected) {
    if (socket.data.live) sessions.end(socket);
    sessions.begin(socket, renewed);
  }
  return { userId: renewed.userId, expiresAt: new Date(renewed.expiresAtMs).toISOString() };
}
