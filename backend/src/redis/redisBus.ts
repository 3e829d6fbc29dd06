import type { Bus, BusListener } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import type { RedisConnection } from './connection.js';

interface RedisBusDeps {
  redis: RedisConnection;
  metrics: Pick<Metrics, 'busPublished' | 'busReceived' | 'busDropped'>;
  logger: Logger;
}

/** Maximum channels in one SUBSCRIBE. */
const MAX_CHANNELS = 1_000;
/** Publications that Redis has not acknowledged, above which new ones are dropped: Redis or the network is too slow. */
const MAX_UNACKNOWLEDGED = 20_000;

/**
 * The `Bus` over Redis Pub/Sub. Each room has a channel, so a process receives only pushes for its own sockets. All
 * messages of one turn of the event loop are sent together, with one PUBLISH per room.
 */
export class RedisBus implements Bus {
  readonly #deps: RedisBusDeps;
  readonly #rooms = new Set<string>();
  #listener: BusListener | undefined;
  #isSubscribed = false;
  #wasSubscribed = false;
  /** Rooms whose subscription changed and has not been applied yet. */
  readonly #changed = new Set<string>();
  readonly #outgoing = new Map<string, string[]>();
  #unacknowledged = 0;

  constructor(deps: RedisBusDeps) {
    this.#deps = deps;
  }

  get isUp(): boolean {
    return this.#isSubscribed;
  }

  start(listener: BusListener): Promise<void> {
    this.#listener = listener;
    const { redis } = this.#deps;
    redis.subscriber.on('message', (channel, message) => this.#receive(channel, message));
    redis.onDown(() => (this.#isSubscribed = false));
    redis.onUp(() => void this.#subscribeAll());
    return Promise.resolve();
  }

  publish(room: string, message: string): void {
    if (!this.#deps.redis.isUp || this.#unacknowledged >= MAX_UNACKNOWLEDGED) {
      this.#deps.metrics.busDropped.inc();
      return;
    }
    if (this.#outgoing.size === 0) setImmediate(() => this.#flush());
    const waiting = this.#outgoing.get(room);
    if (waiting === undefined) this.#outgoing.set(room, [message]);
    else waiting.push(message);
  }

  listen(room: string): void {
    this.#rooms.add(room);
    this.#scheduleChange(room);
  }

  unlisten(room: string): void {
    this.#rooms.delete(room);
    this.#scheduleChange(room);
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#rooms.clear();
    this.#changed.clear();
    return Promise.resolve();
  }

  #flush(): void {
    const { redis, metrics } = this.#deps;
    const batch = [...this.#outgoing];
    this.#outgoing.clear();
    if (!redis.isUp) {
      metrics.busDropped.inc(batch.length);
      return;
    }
    this.#unacknowledged += batch.length;
    metrics.busPublished.inc(batch.length);
    const pipeline = redis.commands.pipeline();
    for (const [room, messages] of batch) {
      pipeline.publish(redis.keys.channelOf(room), redis.processId + messages.map(frame).join(''));
    }
    pipeline
      .exec()
      .catch((error: unknown) => this.#deps.logger.debug({ err: error }, 'publications were lost'))
      .finally(() => (this.#unacknowledged -= batch.length));
  }

  #receive(channel: string, message: string): void {
    // A process that listens to the room it publishes to also receives its own messages.
    const { processId } = this.#deps.redis;
    if (message.startsWith(processId)) return;
    const room = this.#deps.redis.keys.roomOf(channel);
    const messages = unframe(message.slice(processId.length));
    this.#deps.metrics.busReceived.inc(messages.length);
    for (const one of messages) this.#listener?.onMessage(room, one);
  }

  #scheduleChange(room: string): void {
    if (this.#changed.size === 0 && this.#isSubscribed) setImmediate(() => void this.#applyChanges());
    this.#changed.add(room);
  }

  async #applyChanges(): Promise<void> {
    if (!this.#isSubscribed) return;
    const changed = [...this.#changed];
    this.#changed.clear();
    const wanted = changed.filter((room) => this.#rooms.has(room));
    const unwanted = changed.filter((room) => !this.#rooms.has(room));
    try {
      await Promise.all([this.#subscribe(wanted), this.#unsubscribe(unwanted)]);
    } catch (error) {
      // The connection is lost: `#join` subscribes to all rooms once it is back.
      this.#deps.logger.debug({ err: error }, 'subscriptions could not be changed');
    }
  }

  /**
   * Subscribes to all rooms, after the first connection and after every reconnect: Redis does not keep subscriptions.
   */
  async #subscribeAll(): Promise<void> {
    this.#changed.clear();
    try {
      await this.#subscribe([...this.#rooms]);
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'rooms could not be subscribed');
      return;
    }
    if (!this.#deps.redis.isUp) return;
    this.#isSubscribed = true;
    // Rooms that changed during the subscription.
    await this.#applyChanges();
    if (this.#wasSubscribed) this.#listener?.onGap();
    this.#wasSubscribed = true;
  }

  async #subscribe(rooms: readonly string[]): Promise<void> {
    const { subscriber, keys } = this.#deps.redis;
    await Promise.all(chunks(rooms).map((some) => subscriber.subscribe(...some.map(keys.channelOf))));
  }

  async #unsubscribe(rooms: readonly string[]): Promise<void> {
    const { subscriber, keys } = this.#deps.redis;
    await Promise.all(chunks(rooms).map((some) => subscriber.unsubscribe(...some.map(keys.channelOf))));
  }
}

const chunks = (rooms: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(rooms.length / MAX_CHANNELS) }, (_, index) =>
    rooms.slice(index * MAX_CHANNELS, (index + 1) * MAX_CHANNELS),
  );

/** Frames a message with its length, so that several messages can be concatenated into one publication. */
const frame = (message: string): string => `${message.length}:${message}`;

function unframe(framed: string): string[] {
  const messages: string[] = [];
  for (let at = 0; at < framed.length;) {
    const colon = framed.indexOf(':', at);
    const end = colon + 1 + Number(framed.slice(at, colon));
    // Not in the format of `frame`: the whole publication is ignored.
    if (colon === -1 || !(end > at)) return [];
    messages.push(framed.slice(colon + 1, end));
    at = end;
  }
  return messages;
}
