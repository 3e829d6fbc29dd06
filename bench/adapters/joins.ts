import { createAdapter as createClassicAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import { createRedisKeys } from '../../backend/src/redis/keys.js';
import { connectRedis } from '../../backend/src/redis/connection.js';
import { RedisBus } from '../../backend/src/redis/redisBus.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { createMetrics } from '../../backend/src/utils/metrics.js';
import type { AdapterName } from '../results.js';

/** Emits an event to rooms on this process and on the other one. */
export type Emit = (rooms: string[], payload: object) => void;

const EVENT = 'message';

/**
 * Connects as the adapters' documentation does: ioredis with its defaults, which queue commands for more than a minute
 * while Redis is unreachable. With FAIL_FAST, commands fail with the next connection attempt instead, as operators
 * configure it to avoid a flood of old pushes after an outage. (`enableOfflineQueue: false` would make the streams
 * adapter poll in a loop.)
 */
function connect(url: string): Redis {
  const failFast = process.env['FAIL_FAST'] === '1';
  const redis = new Redis(url, failFast ? { maxRetriesPerRequest: 0 } : {});
  redis.on('error', () => undefined);
  return redis;
}

function joinClassic(io: Server, url: string): Emit {
  const publisher = connect(url);
  const subscriber = connect(url);
  io.adapter(createClassicAdapter(publisher, subscriber));
  return (rooms, payload) => void io.to(rooms).emit(EVENT, payload);
}

/**
 * Emits once per room: a single emit to two rooms would be published to every process instead of the rooms' channels.
 */
function joinSharded(io: Server, url: string): Emit {
  const publisher = connect(url);
  const subscriber = connect(url);
  io.adapter(createShardedAdapter(publisher, subscriber, { subscriptionMode: 'dynamic' }));
  return (rooms, payload) => {
    for (const room of rooms) io.to(room).emit(EVENT, payload);
  };
}

function joinStreams(io: Server, url: string): Emit {
  io.adapter(createStreamsAdapter(connect(url)));
  return (rooms, payload) => void io.to(rooms).emit(EVENT, payload);
}

/** Works like Parley's server: local sockets at once, and one publication per room and turn of the event loop. */
async function joinBus(io: Server, url: string): Promise<Emit> {
  const logger = createLogger({ level: 'silent', pretty: false });
  const keys = createRedisKeys('bench');
  const redis = await connectRedis(url, { processId: `process-${process.pid}`, keys, logger });
  const bus = new RedisBus({ redis, metrics: createMetrics(), logger });
  await bus.start({
    onMessage: (room, line) => io.local.to(room).emit(EVENT, JSON.parse(line.slice(EVENT.length + 1))),
    onGap: () => undefined,
  });
  const { adapter } = io.of('/');
  adapter.on('create-room', (room: string) => {
    if (room.startsWith('user:')) bus.listen(room);
  });
  adapter.on('delete-room', (room: string) => {
    if (room.startsWith('user:')) bus.unlisten(room);
  });
  return (rooms, payload) => {
    io.local.to(rooms).emit(EVENT, payload);
    const line = `${EVENT} ${JSON.stringify(payload)}`;
    for (const room of rooms) bus.publish(room, line);
  };
}

/** Connects this process to the other one over Redis. Called before the first client connects. */
export async function join(name: AdapterName, io: Server, url: string): Promise<Emit> {
  switch (name) {
    case 'classic':
      return joinClassic(io, url);
    case 'sharded':
      return joinSharded(io, url);
    case 'streams':
      return joinStreams(io, url);
    case 'bus':
      return joinBus(io, url);
  }
}
