import type { LogPosition } from '../../services/ports.js';
import { createLru } from '../../utils/lru.js';

interface PublishedHead {
  position: LogPosition;
  rooms: readonly string[];
  /** Ticks since the message was published. */
  age: number;
}

/** Length of a tick, in ms. */
const TICK_MS = 1_000;
/**
 * Ticks after a message at which its head is published again. A newer message of the conversation restarts the count.
 */
const REBROADCAST_AT_TICKS = [2, 6];
const LAST_REBROADCAST = Math.max(...REBROADCAST_AT_TICKS);
/**
 * Maximum conversations with a pending rebroadcast. Beyond it the oldest are dropped; their clients reconcile with
 * `sync`.
 */
const MAX_SCHEDULED = 50_000;
/** Maximum heads remembered as received, over all rooms. */
const MAX_RECEIVED = 100_000;

/**
 * Detects publications that were lost on the bus. The head of each conversation with a new message is published again a
 * few seconds later. A process that has not received the message sends the head to its clients, which then load what is
 * missing.
 */
export class HeadRebroadcast {
  readonly #scheduled = new Map<string, PublishedHead>();
  readonly #received = createLru<string, number>(MAX_RECEIVED);
  #timer: NodeJS.Timeout | undefined;

  /** @param rebroadcast publishes a head to these rooms on other processes. */
  constructor(readonly rebroadcast: (rooms: readonly string[], head: LogPosition) => void) {}

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#scheduled.clear();
  }

  /** Schedules rebroadcasts for a message that was published to these rooms. */
  schedule(rooms: readonly string[], { conversationId, seq, n, control }: LogPosition): void {
    this.#scheduled.delete(conversationId);
    this.#scheduled.set(conversationId, { position: { conversationId, seq, n, control }, rooms, age: 0 });
    const [oldest] = this.#scheduled.keys();
    if (this.#scheduled.size > MAX_SCHEDULED && oldest !== undefined) this.#scheduled.delete(oldest);
  }

  /** Records that a message was received for a room. */
  markReceived(room: string, { conversationId, seq }: LogPosition): void {
    const key = room + conversationId;
    if ((this.#received.get(key) ?? 0) < seq) this.#received.set(key, seq);
  }

  /**
   * Handles a rebroadcast head. Returns true when the room has not received it before, which means that a message was
   * lost.
   */
  checkMissed(room: string, head: LogPosition): boolean {
    const wasMissed = (this.#received.get(room + head.conversationId) ?? 0) < head.seq;
    this.markReceived(room, head);
    return wasMissed;
  }

  #tick(): void {
    for (const head of this.#scheduled.values()) {
      head.age += 1;
      if (REBROADCAST_AT_TICKS.includes(head.age)) this.rebroadcast(head.rooms, head.position);
      if (head.age >= LAST_REBROADCAST) this.#scheduled.delete(head.position.conversationId);
    }
  }
}
