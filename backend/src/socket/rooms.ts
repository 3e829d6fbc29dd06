import type { ConversationId, UserId } from '../../../contract/index.js';

/** The only builder of room names. Who is in a room is decided by the server alone. */

/** All live sockets of a user. */
export const userRoom = (userId: UserId): string => `user:${userId}`;

/** The sockets that watch a user's presence. */
export const watchersRoom = (userId: UserId): string => `watchers:${userId}`;

/**
 * The sockets that look at a large group or channel. The name carries the last entry that took somebody out, so that
 * a socket which leaves late hears nothing of what came behind it.
 */
export const openRoom = (conversationId: ConversationId, removalSeq: number): string =>
  `open:${conversationId}:${removalSeq}`;

const isOpenRoom = (room: string): boolean => room.startsWith('open:');

const isUserRoom = (room: string): boolean => room.startsWith('user:');

/** The user whose devices a room is. */
export const userOfRoom = (room: string): UserId | undefined =>
  isUserRoom(room) ? (room.slice('user:'.length) as UserId) : undefined;

export const isWatchersRoom = (room: string): boolean => room.startsWith('watchers:');

/** True for rooms whose pushes go to every process that has such a room. */
export const isSharedRoom = (room: string): boolean =>
  isUserRoom(room) || isWatchersRoom(room) || isOpenRoom(room);

/** What processes say to each other; no socket is ever in it. */
export const CONTROL_ROOM = 'control';

/** The user whose presence a room of watchers is about. */
export const watchedUser = (room: string): UserId => room.slice('watchers:'.length) as UserId;
