import type { UserId } from '../../../contract/index.js';

/** The only builder of room names. Who is in a room is decided by the server alone. */

/** All live sockets of a user. */
export const userRoom = (userId: UserId): string => `user:${userId}`;

/** The sockets that watch a user's presence. */
export const watchersRoom = (userId: UserId): string => `watchers:${userId}`;

export const isWatchersRoom = (room: string): boolean => room.startsWith('watchers:');
