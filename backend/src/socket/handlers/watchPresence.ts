import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import { endedWatchRoom, endedWatchUser, isWatchersRoom, watchersRoom } from '../rooms.js';
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
  // Ended watches of users that are still asked for resume later.
  const ended = new Set(
    userIds
      .filter((id) => socket.rooms.has(watchersRoom(id)) || socket.rooms.has(endedWatchRoom(id)))
      .filter((id) => !wanted.has(watchersRoom(id)))
      .map(endedWatchRoom),
  );
  for (const room of socket.rooms) {
    const isWatch = isWatchersRoom(room) || endedWatchUser(room) !== undefined;
    if (isWatch && !wanted.has(room) && !ended.has(room)) void socket.leave(room);
  }
  // The token may have expired while the database was asked: an expired socket is in no room.
  if (socket.data.live) void socket.join([...wanted, ...ended]);
  return { presences: await presence.read(allowed, socket.id) };
}
