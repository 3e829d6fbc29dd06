import { LRUCache } from 'lru-cache';
import type { Place } from '../services/ports.js';

interface Noted {
  place: Place;
  rooms: readonly string[];
  /** Ticks since the message. */
  age: number;
}

const TICK_MS = 1_000;
/** A head is repeated this many ticks after its message; a newer message of the conversation begins anew. */
const REPEAT_AT = [2, 6];
const LAST_REPEAT = Math.max(...REPEAT_AT);
/** Conversations in wait; beyond it the oldest go unrepeated, and clients learn by `sync`. */
const MAX_NOTED = 50_000;
const MAX_HEARD = 100_000;

/**
 * What is published to other processes may be lost on the way, and then nobody there knows. So the heads of
 * conversations that were just written are published again a few seconds later, and a process that has not heard of
 * one passes it on to its clients, who close the hole.
 */
export class RepeatedHeads {
  readonly #noted = new Map<string, Noted>();
  readonly #heard = new LRUCache<string, number>({ max: MAX_HEARD });
  #timer: NodeJS.Timeout | undefined;

  /** @param repeat publishes a head to rooms of other processes. */
  constructor(readonly repeat: (rooms: readonly string[], head: Place) => void) {}

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#noted.clear();
  }

  /** A message was published to rooms of other processes. */
  note(rooms: readonly string[], { conversationId, seq, n, control }: Place): void {
    this.#noted.delete(conversationId);
    this.#noted.set(conversationId, { place: { conversationId, seq, n, control }, rooms, age: 0 });
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MAX_NOTED && oldest !== undefined) this.#noted.delete(oldest);
  }

  /** A message came in for a room. */
  hear(room: string, { conversationId, seq }: Place): void {
    const key = room + conversationId;
    if ((this.#heard.get(key) ?? 0) < seq) this.#heard.set(key, seq);
  }

  /** A repeated head came in for a room. @returns whether it is news, which it is only when a packet was lost. */
  isNews(room: string, head: Place): boolean {
    const isNews = (this.#heard.get(room + head.conversationId) ?? 0) < head.seq;
    this.hear(room, head);
    return isNews;
  }

  #tick(): void {
    for (const noted of this.#noted.values()) {
      noted.age += 1;
      if (REPEAT_AT.includes(noted.age)) this.repeat(noted.rooms, noted.place);
      if (noted.age >= LAST_REPEAT) this.#noted.delete(noted.place.conversationId);
    }
  }
}
