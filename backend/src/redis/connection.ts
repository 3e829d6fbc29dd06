import { Redis, type RedisOptions } from 'ioredis';
import { withDeadline } from '../utils/deadline.js';
import type { RedisKeys } from './keys.js';
import type { Logger } from '../utils/logger.js';

/** Connections to Redis: one for commands, one that only listens. */
export interface RedisConnection {
  readonly commands: Redis;
  readonly subscriber: Redis;
  readonly keys: RedisKeys;
  /** Names this process among the others; new at every start. */
  readonly processId: string;
  /** True while both connections answer. */
  readonly isUp: boolean;
  /** Called each time both answer again, the first time included. */
  onUp(listener: () => void): void;
  /** Called when either is lost. */
  onDown(listener: () => void): void;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** How long a start waits for Redis before it goes on without. */
const START_WITHIN_MS = 2_000;
const PING_MS = 1_000;
/** A Redis that was asked and says nothing for this long counts as away, in ms: it is stopped, or the network is. */
const SILENCE_MS = 3_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 1_000;

/**
 * Nothing is queued for a Redis that is away and nothing is sent twice: what is in there are hints and copies, and old
 * hints are worth nothing.
 */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  enableAutoPipelining: true,
  retryStrategy: (attempt: number) =>
    Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(attempt, 8), RECONNECT_MAX_MS) * (0.8 + Math.random() * 0.4),
} satisfies RedisOptions;

class Connection implements RedisConnection {
  readonly commands: Redis;
  readonly subscriber: Redis;
  readonly #up = new Set<() => void>();
  readonly #down = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #isUp = false;

  constructor(
    redis: { commands: Redis; subscriber: Redis },
    readonly processId: string,
    readonly keys: RedisKeys,
  ) {
    this.commands = redis.commands;
    this.subscriber = redis.subscriber;
    for (const one of [redis.commands, redis.subscriber]) {
      one.on('ready', () => this.#judge());
      one.on('close', () => this.#judge());
    }
    this.#timer = setInterval(() => this.#ping(), PING_MS);
    this.#timer.unref();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  onUp(listener: () => void): void {
    this.#up.add(listener);
    if (this.#isUp) listener();
  }

  onDown(listener: () => void): void {
    this.#down.add(listener);
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    this.#down.clear();
    this.#up.clear();
    this.commands.disconnect();
    this.subscriber.disconnect();
    return Promise.resolve();
  }

  #judge(): void {
    const isUp = this.commands.status === 'ready' && this.subscriber.status === 'ready';
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    for (const listener of isUp ? this.#up : this.#down) listener();
  }

  /** Something to answer: silence after it is what `socketTimeout` notices. */
  #ping(): void {
    for (const redis of [this.commands, this.subscriber]) {
      if (redis.status === 'ready') redis.ping().catch(() => undefined);
    }
  }
}

/**
 * Connects to Redis and keeps connecting. A Redis that is away at the start is no reason not to start: everything works
 * without, as on one process, until it is there.
 *
 * @param url `redis://` or `rediss://`, with user, password and database number where there are any.
 */
export async function connectRedis(
  url: string,
  { processId, keys, logger }: { processId: string; keys: RedisKeys; logger: Logger },
): Promise<RedisConnection> {
  const commands = new Redis(url, { ...OPTIONS, connectionName: 'parley' });
  const subscriber = new Redis(url, { ...OPTIONS, connectionName: 'parley-bus' });
  const connection = new Connection({ commands, subscriber }, processId, keys);
  for (const redis of [commands, subscriber]) {
    // Told once per outage below, not once per attempt.
    redis.on('error', (error) => logger.debug({ err: error }, 'Redis'));
  }
  connection.onDown(() =>
    logger.warn('Redis is away: going on without, clients on other processes hear by sync'),
  );
  connection.onUp(() => logger.info('Redis is there'));
  const connecting = Promise.all([commands.connect(), subscriber.connect()]);
  await withDeadline(connecting, START_WITHIN_MS, () => new Error('no answer')).catch((error: unknown) => {
    logger.warn({ err: error }, 'Redis does not answer: starting without');
  });
  return connection;
}
