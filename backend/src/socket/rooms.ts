import type { UserId } from '../../../contract/index.js';

/** The only builder of room names. Who is in a room is decided by the server alone. */

/** All live sockets of a user. */
export const userRoom = (userId: UserId): string => `user:${userId}`;

/** The sockets that watch a user's presence. */
export const watchersRoom = (userId: UserId): string => `watchers:${userId}`;

export const isWatchersRoom = (room: string): boolean => room.startsWith('watchers:');

/** True for rooms whose pushes go to every process that has such a room. */
export const isSharedRoom = (room: string): boolean => room.startsWith('user:') || isWatchersRoom(room);

/** What processes say to each other; no socket is ever in it. */
export const CONTROL_ROOM = 'control';

/** The user whose presence a room of watchers is about. */
export const watchedUser = (room: string): UserId => room.slice('watchers:'.length) as UserId;
