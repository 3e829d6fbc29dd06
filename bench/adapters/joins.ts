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

/** Emits to rooms on this process and on the other one. */
export type Emit = (rooms: string[], payload: object) => void;

const EVENT = 'hear';

/**
 * As their documentation connects: ioredis with its defaults, which keep commands for more than a minute while Redis is
 * away. Or, with FAIL_FAST, so that they fail with the next attempt to connect: what one sets who does not want a flood
 * of old pushes afterwards. (With `enableOfflineQueue: false`, the streams adapter would ask in an endless loop.)
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

/** One emit per room: one emit to two rooms would go to every process, past the rooms' own channels. */
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

/** As Parley's server uses it: local sockets at once, and one publication per room and turn of the event loop. */
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

/** Joins this process to the other one, before anybody connects. */
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
