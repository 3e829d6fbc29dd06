import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import { isWatchersRoom, watchersRoom } from '../rooms.js';
import type { SocketContext, HandlerDeps } from './types.js';

/**
 * Replaces the users whose presence this socket watches. Joins the rooms before reading, so that no change is missed.
 */
export async function watchPresence(
  { presence }: Pick<HandlerDeps, 'presence'>,
  { principal, socket }: SocketContext<'presence:watch'>,
  { userIds }: CommandPayload<'presence:watch'>,
): Promise<CommandData<'presence:watch'>> {
  const allowed = await presence.watchable(principal.userId, userIds);
  const wanted = new Set(allowed.map(watchersRoom));
  for (const room of socket.rooms) if (isWatchersRoom(room) && !wanted.has(room)) void socket.leave(room);
  // The token may have expired while the database was asked: an expired socket is in no room.
  if (socket.data.live) void socket.join([...wanted]);
  return { presences: await presence.read(allowed, socket.id) };
}
