/** The only builder of Redis keys. The braces keep what is used in one transaction on one node of a Redis Cluster. */

/** A channel of the bus. */
export const channelOf = (room: string): string => `parley:bus:${room}`;
const CHANNEL_PREFIX = channelOf('');
export const roomOf = (channel: string): string => channel.slice(CHANNEL_PREFIX.length);

/** Living processes, by the time of their last heartbeat (sorted set; Redis's own clock, ms). */
export const PROCESSES_KEY = 'parley:{presence}:processes';
/** The users with a socket on a process (set; expires with the process). */
export const onlineKey = (processId: string): string => `parley:{presence}:online:${processId}`;

/** The newest messages of a conversation (JSON). The number is the format's: another one is not read. */
export const windowKey = (conversationId: string): string => `parley:window:1:${conversationId}`;

/** What rate limits count, by user. */
export const RATE_LIMIT_PREFIX = 'parley:rate';
