/** The names of everything in Redis. */
export interface RedisKeys {
  /** The channel of a room of the bus. */
  channelOf: (room: string) => string;
  roomOf: (channel: string) => string;
  /** Living processes, by the time of their last heartbeat (sorted set; Redis's own clock, ms). */
  processes: string;
  /** The users with a socket on a process (set; expires with the process). */
  onlineOf: (processId: string) => string;
  /** The newest messages of a conversation (hash: the change they are as of, and the messages as JSON). */
  windowOf: (conversationId: string) => string;
}

/** Another format of what is kept is another name: processes of two versions do not read each other's. */
const WINDOW_FORMAT = 2;

/**
 * The only builder of names in Redis. Each begins with the name of the database: two servers that share a Redis must
 * not hear each other's users. The braces keep what one script touches on one node of a Redis Cluster.
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
