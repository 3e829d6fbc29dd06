/** Names of all keys and channels in Redis. */
export interface RedisKeys {
  /** Channel of a room of the bus. */
  channelOf: (room: string) => string;
  roomOf: (channel: string) => string;
  /** Sorted set of the live processes by the time of their last heartbeat (Redis clock, in ms). */
  processes: string;
  /** Set of the users with a socket on a process; expires with the process. */
  onlineOf: (processId: string) => string;
  /** Hash with the newest messages of a conversation: `rev` (the last included change) and `messages` (JSON). */
  windowOf: (conversationId: string) => string;
}

/**
 * Version of the stored window format. Another version uses other keys, so that processes of two versions can share a
 * Redis.
 */
const WINDOW_FORMAT = 2;

/**
 * The only builder of Redis names. All names begin with the database name, so that two servers can share one Redis. The
 * braces (hash tags) keep all keys of one script on one node of a Redis Cluster.
 */
export function createRedisKeys(databaseName: string): RedisKeys {
  const prefix = `parley:${databaseName}:`;
  const channelPrefix = `${prefix}bus:`;
  return {
    channelOf: (room) => channelPrefix + room,
    roomOf: (channel) => channel.slice(channelPrefix.length),
    processes: `${prefix}{presence}:processes`,
    onlineOf: (processId) => `${prefix}{presence}:online:${processId}`,
    windowOf: (conversationId) => `${prefix}window:${WINDOW_FORMAT}:${conversationId}`,
  };
}
