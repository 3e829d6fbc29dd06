import type { Bus, BusListener } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import type { RedisConnection } from './connection.js';

interface RedisBusParts {
  redis: RedisConnection;
  metrics: Pick<Metrics, 'busPublished' | 'busReceived' | 'busDropped'>;
  logger: Logger;
}

/** Channels named in one SUBSCRIBE. */
const MAX_CHANNELS = 1_000;
/** Messages without an answer of Redis; beyond it, hints are dropped: Redis, or the way to it, is too slow. */
const MAX_UNANSWERED = 20_000;

/**
 * The bus over Redis publish/subscribe: a channel per room, so that a process hears only what concerns its own sockets.
 * What is published in one turn of the event loop goes out together, one PUBLISH per room.
 */
export class RedisBus implements Bus {
  readonly #parts: RedisBusParts;
  readonly #rooms = new Set<string>();
  #listener: BusListener | undefined;
  #isJoined = false;
  #hasJoined = false;
  /** Rooms whose subscription has changed in this turn. */
  readonly #changed = new Set<string>();
  readonly #outgoing = new Map<string, string[]>();
  #unanswered = 0;

  constructor(parts: RedisBusParts) {
    this.#parts = parts;
  }

  get isUp(): boolean {
    return this.#isJoined;
  }

  start(listener: BusListener): Promise<void> {
    this.#listener = listener;
    const { redis } = this.#parts;
    redis.subscriber.on('message', (channel, message) => this.#receive(channel, message));
    redis.onDown(() => (this.#isJoined = false));
    redis.onUp(() => void this.#join());
    return Promise.resolve();
  }

  publish(room: string, message: string): void {
    if (!this.#parts.redis.isUp || this.#unanswered >= MAX_UNANSWERED) {
      this.#parts.metrics.busDropped.inc();
      return;
    }
    if (this.#outgoing.size === 0) setImmediate(() => this.#flush());
    const waiting = this.#outgoing.get(room);
    if (waiting === undefined) this.#outgoing.set(room, [message]);
    else waiting.push(message);
  }

  listen(room: string): void {
    this.#rooms.add(room);
    this.#noteChange(room);
  }

  unlisten(room: string): void {
    this.#rooms.delete(room);
    this.#noteChange(room);
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#rooms.clear();
    this.#changed.clear();
    return Promise.resolve();
  }

  #flush(): void {
    const { redis, metrics } = this.#parts;
    const batch = [...this.#outgoing];
    this.#outgoing.clear();
    if (!redis.isUp) {
      metrics.busDropped.inc(batch.length);
      return;
    }
    this.#unanswered += batch.length;
    metrics.busPublished.inc(batch.length);
    const pipeline = redis.commands.pipeline();
    for (const [room, messages] of batch) {
      pipeline.publish(redis.keys.channelOf(room), redis.processId + messages.map(frame).join(''));
    }
    pipeline
      .exec()
      .catch((error: unknown) => this.#parts.logger.debug({ err: error }, 'hints were lost'))
      .finally(() => (this.#unanswered -= batch.length));
  }

  #receive(channel: string, message: string): void {
    // Who publishes to a room may listen to it as well, and hears itself.
    const { processId } = this.#parts.redis;
    if (message.startsWith(processId)) return;
    const room = this.#parts.redis.keys.roomOf(channel);
    const messages = unframe(message.slice(processId.length));
    this.#parts.metrics.busReceived.inc(messages.length);
    for (const one of messages) this.#listener?.onMessage(room, one);
  }

  #noteChange(room: string): void {
    if (this.#changed.size === 0 && this.#isJoined) setImmediate(() => void this.#applyChanges());
    this.#changed.add(room);
  }

  async #applyChanges(): Promise<void> {
    if (!this.#isJoined) return;
    const changed = [...this.#changed];
    this.#changed.clear();
    const wanted = changed.filter((room) => this.#rooms.has(room));
    const unwanted = changed.filter((room) => !this.#rooms.has(room));
    try {
      await Promise.all([this.#subscribe(wanted), this.#unsubscribe(unwanted)]);
    } catch (error) {
      // The connection is lost: everything is joined anew when it is back.
      this.#parts.logger.debug({ err: error }, 'rooms could not be joined');
    }
  }

  /** After the first connection, and after every loss: Redis has forgotten who listened to what. */
  async #join(): Promise<void> {
    this.#changed.clear();
    try {
      await this.#subscribe([...this.#rooms]);
    } catch (error) {
      this.#parts.logger.debug({ err: error }, 'the bus could not be joined');
      return;
    }
    if (!this.#parts.redis.isUp) return;
    this.#isJoined = true;
    // Rooms that came or went while Redis was asked.
    await this.#applyChanges();
    if (this.#hasJoined) this.#listener?.onGap();
    this.#hasJoined = true;
  }

  async #subscribe(rooms: readonly string[]): Promise<void> {
    const { subscriber, keys } = this.#parts.redis;
    await Promise.all(chunks(rooms).map((some) => subscriber.subscribe(...some.map(keys.channelOf))));
  }

  async #unsubscribe(rooms: readonly string[]): Promise<void> {
    const { subscriber, keys } = this.#parts.redis;
    await Promise.all(chunks(rooms).map((some) => subscriber.unsubscribe(...some.map(keys.channelOf))));
  }
}

const chunks = (rooms: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(rooms.length / MAX_CHANNELS) }, (_, index) =>
    rooms.slice(index * MAX_CHANNELS, (index + 1) * MAX_CHANNELS),
  );

/** Messages of one publication stand behind one another, each with its length before it. */
const frame = (message: string): string => `${message.length}:${message}`;

function unframe(framed: string): string[] {
  const messages: string[] = [];
  for (let at = 0; at < framed.length;) {
    const colon = framed.indexOf(':', at);
    const end = colon + 1 + Number(framed.slice(at, colon));
    // Not written by `frame`: nothing of it can be trusted.
    if (colon === -1 || !(end > at)) return [];
    messages.push(framed.slice(colon + 1, end));
    at = end;
  }
  return messages;
}
