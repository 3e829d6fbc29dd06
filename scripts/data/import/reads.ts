import type { UserId } from '../../../contract/index.js';

/** Somebody has read everything up to this moment of the older system. */
export interface ReadUntil {
  userId: UserId;
  at: Date;
}

interface Bucket extends ReadUntil {
  /** Of the messages since the read before this one, up to it: the last place, and the first place behind it. */
  last: number;
  first: number;
}

/**
 * Finds up to which place of a log people have read. Messages come by time, their places need not: what an import found
 * late stands behind what is newer. A position never covers a message that its reader has not read.
 */
export class ReadPlaces {
  readonly #buckets: Bucket[];
  /** Behind the last read. */
  #firstBehind = Infinity;
  #next = 0;

  constructor(reads: readonly ReadUntil[]) {
    this.#buckets = reads
      .toSorted((a, b) => a.at.getTime() - b.at.getTime())
      .map((read) => ({ ...read, last: 0, first: Infinity }));
  }

  /** The next message by time, and where it stands. */
  note(at: Date, seq: number): void {
    for (;;) {
      const bucket = this.#buckets[this.#next];
      if (bucket === undefined) {
        this.#firstBehind = Math.min(this.#firstBehind, seq);
        return;
      }
      if (at <= bucket.at) {
        bucket.last = Math.max(bucket.last, seq);
        bucket.first = Math.min(bucket.first, seq);
        return;
      }
      this.#next += 1;
    }
  }

  places(): Map<UserId, number> {
    const places = new Map<UserId, number>();
    const firstUnread: number[] = [];
    let behind = this.#firstBehind;
    for (const [index, { first }] of [...this.#buckets.entries()].reverse()) {
      firstUnread[index] = behind;
      behind = Math.min(behind, first);
    }
    let last = 0;
    for (const [index, bucket] of this.#buckets.entries()) {
      last = Math.max(last, bucket.last);
      const place = Math.min(last, (firstUnread[index] ?? Infinity) - 1);
      places.set(bucket.userId, Math.max(place, places.get(bucket.userId) ?? 0));
    }
    return places;
  }
}
