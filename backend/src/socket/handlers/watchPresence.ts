import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import { isWatchersRoom, watchersRoom } from '../rooms.js';
import type { SocketContext, HandlerParts } from './types.js';

/** Replaces what this socket watches. Joins first, reads after: a change in between comes as an event. */
export async function watchPresence(
  { presence }: Pick<HandlerParts, 'presence'>,
  { principal, socket }: SocketContext,
  { userIds }: CommandPayload<'presence:watch'>,
): Promise<CommandData<'presence:watch'>> {
  const allowed = await presence.watchable(principal.userId, userIds);
  const wanted = new Set(allowed.map(watchersRoom));
  for (const room of socket.rooms) if (isWatchersRoom(room) && !wanted.has(room)) void socket.leave(room);
  // The token may have expired while the database was asked: an expired socket is in no room.
  if (socket.data.live) void socket.join([...wanted]);
  return { presences: await presence.read(allowed) };
}
