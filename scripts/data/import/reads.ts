import type { UserId } from '../../../contract/index.js';

/** A user has read everything up to this time of the old system. */
export interface ReadUntil {
  userId: UserId;
  at: Date;
}

interface Bucket extends ReadUntil {
  /** Highest and lowest `seq` of the messages between the previous read and this one. */
  last: number;
  first: number;
}

/**
 * Maps times up to which users have read to positions in the log. Messages arrive ordered by time, but an import that
 * finds old messages late stores them after newer ones. A position never covers a message that the user has not read.
 */
export class ReadPositions {
  readonly #buckets: Bucket[];
  /** Lowest `seq` of the messages after the last read. */
  #firstBehind = Infinity;
  #next = 0;

  constructor(reads: readonly ReadUntil[]) {
    this.#buckets = reads
      .toSorted((a, b) => a.at.getTime() - b.at.getTime())
      .map((read) => ({ ...read, last: 0, first: Infinity }));
  }

  /** Called for each message in order of time, with its `seq`. */
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

  toSeqs(): Map<UserId, number> {
    const positions = new Map<UserId, number>();
    const firstUnread: number[] = [];
    let behind = this.#firstBehind;
    for (const [index, { first }] of [...this.#buckets.entries()].reverse()) {
      firstUnread[index] = behind;
      behind = Math.min(behind, first);
    }
    let last = 0;
    for (const [index, bucket] of this.#buckets.entries()) {
      last = Math.max(last, bucket.last);
      const seq = Math.min(last, (firstUnread[index] ?? Infinity) - 1);
      positions.set(bucket.userId, Math.max(seq, positions.get(bucket.userId) ?? 0));
    }
    return positions;
  }
}
