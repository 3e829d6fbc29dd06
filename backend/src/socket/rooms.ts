import type { ConversationId, UserId } from '../../../contract/index.js';

/** The only builder of room names. Only the server decides which sockets are in a room. */

/** Room of all live sockets of a user. */
export const userRoom = (userId: UserId): string => `user:${userId}`;

/** Room of the sockets that watch a user's presence. */
export const watchersRoom = (userId: UserId): string => `watchers:${userId}`;

/**
 * Room of the sockets whose watch of a user has ended, because it was no longer allowed. It resumes when it is allowed again.
 * Nothing is sent to it.
 */
export const endedWatchRoom = (userId: UserId): string => `ended-watch:${userId}`;

/**
 * Room of the sockets that watch a large group or channel. The name includes the `seq` of the last membership event
 * that removed a member, so that a socket that leaves late receives no later pushes.
 */
export const openRoom = (conversationId: ConversationId, removalSeq: number): string =>
  `open:${conversationId}:${removalSeq}`;

const isOpenRoom = (room: string): boolean => room.startsWith('open:');

const isUserRoom = (room: string): boolean => room.startsWith('user:');

/** User of a user room; undefined for other rooms. */
export const userOfRoom = (room: string): UserId | undefined =>
  isUserRoom(room) ? (room.slice('user:'.length) as UserId) : undefined;

export const isWatchersRoom = (room: string): boolean => room.startsWith('watchers:');

/** True for rooms whose pushes go to every process that has such a room. */
export const isSharedRoom = (room: string): boolean =>
  isUserRoom(room) || isWatchersRoom(room) || isOpenRoom(room);

/** Bus channel for messages between processes; no socket joins it. */
export const CONTROL_CHANNEL = 'control';

/** User of a watchers room. */
export const watchedUser = (room: string): UserId => room.slice('watchers:'.length) as UserId;

/** User of a room of ended watches; undefined for other rooms. */
export const endedWatchUser = (room: string): UserId | undefined =>
  room.startsWith('ended-watch:') ? (room.slice('ended-watch:'.length) as UserId) : undefined;
