import { Redis, type RedisOptions } from 'ioredis';
import { withDeadline } from '../utils/deadline.js';
import type { RedisKeys } from './keys.js';
import type { Logger } from '../utils/logger.js';

/** Connections to Redis: one for commands, one for subscriptions. */
export interface RedisConnection {
  readonly commands: Redis;
  readonly subscriber: Redis;
  readonly keys: RedisKeys;
  /** Random id of this process, new at every start. */
  readonly processId: string;
  /** True while both connections are ready. */
  readonly isUp: boolean;
  /** Calls the listener each time both connections become ready, and immediately when they already are. */
  onUp(listener: () => void): void;
  /** Calls the listener when one of the connections is lost. */
  onDown(listener: () => void): void;
  close(): Promise<void>;
}

/** Time limit for a connection attempt, in ms. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Time limit for Redis at the start of the server, in ms; then the server starts without it. */
const START_TIMEOUT_MS = 2_000;
/** Interval of pings, in ms. */
const PING_INTERVAL_MS = 1_000;
/** Time without an answer after which Redis counts as unreachable, in ms. */
const SOCKET_TIMEOUT_MS = 3_000;
/** First delay of a reconnect, in ms; it doubles up to `RECONNECT_MAX_MS`. */
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 1_000;

/**
 * Nothing is queued while Redis is unreachable, and nothing is sent twice: all data in Redis is best effort, and old
 * pushes have no value.
 */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SOCKET_TIMEOUT_MS,
  enableAutoPipelining: true,
  retryStrategy: (attempt: number) =>
    Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(attempt, 8), RECONNECT_MAX_MS) * (0.8 + Math.random() * 0.4),
} satisfies RedisOptions;

class Connection implements RedisConnection {
  readonly commands: Redis;
  readonly subscriber: Redis;
  readonly #upListeners = new Set<() => void>();
  readonly #downListeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #isUp = false;

  constructor(
    redis: { commands: Redis; subscriber: Redis },
    readonly processId: string,
    readonly keys: RedisKeys,
  ) {
    this.commands = redis.commands;
    this.subscriber = redis.subscriber;
    for (const client of [redis.commands, redis.subscriber]) {
      client.on('ready', () => this.#updateState());
      client.on('close', () => this.#updateState());
    }
    this.#timer = setInterval(() => this.#ping(), PING_INTERVAL_MS);
    this.#timer.unref();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  onUp(listener: () => void): void {
    this.#upListeners.add(listener);
    if (this.#isUp) listener();
  }

  onDown(listener: () => void): void {
    this.#downListeners.add(listener);
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    this.#downListeners.clear();
    this.#upListeners.clear();
    this.commands.disconnect();
    this.subscriber.disconnect();
    return Promise.resolve();
  }

  #updateState(): void {
    const isUp = this.commands.status === 'ready' && this.subscriber.status === 'ready';
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    for (const listener of isUp ? this.#upListeners : this.#downListeners) listener();
  }

  /** Sends a ping to each connection, so that `socketTimeout` detects a missing answer. */
  #ping(): void {
    for (const redis of [this.commands, this.subscriber]) {
      if (redis.status === 'ready') redis.ping().catch(() => undefined);
    }
  }
}

/**
 * Connects to Redis and reconnects after every loss. The server also starts when Redis is unreachable: until it is
 * back, each process works on its own.
 *
 * @param url `redis://` or `rediss://`, optionally with user, password and database number.
 */
export async function connectRedis(
  url: string,
  { processId, keys, logger }: { processId: string; keys: RedisKeys; logger: Logger },
): Promise<RedisConnection> {
  const commands = new Redis(url, { ...OPTIONS, connectionName: 'parley' });
  const subscriber = new Redis(url, { ...OPTIONS, connectionName: 'parley-bus' });
  const connection = new Connection({ commands, subscriber }, processId, keys);
  for (const redis of [commands, subscriber]) {
    // Outages are logged once below; each failed attempt is only a debug line.
    redis.on('error', (error) => logger.debug({ err: error }, 'Redis'));
  }
  connection.onDown(() =>
    logger.warn('Redis is unreachable: continuing without it, clients on other processes catch up with sync'),
  );
  connection.onUp(() => logger.info('Redis is connected'));
  const connecting = Promise.all([commands.connect(), subscriber.connect()]);
  await withDeadline(connecting, START_TIMEOUT_MS, () => new Error('Redis did not answer in time')).catch(
    (error: unknown) => {
      logger.warn({ err: error }, 'Redis is unreachable: starting without it');
    },
  );
  return connection;
}
