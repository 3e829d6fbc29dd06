/** Hands one batch to the other process; `done` is called when the channel has taken it, or with why it cannot. */
export type SendFrames<Frame> = (frames: Frame[], done: (error: Error | null) => void) => void;

export interface OutboxParts<Frame> {
  send: SendFrames<Frame>;
  weigh: (frame: Frame) => number;
  /** Frames were refused for want of room, and what had been taken has gone out: time to say so. */
  onRelief: (refused: number) => void;
  /** How much may wait, in bytes. */
  maxBytes?: number;
}

const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** One message between processes holds at most about this much: parsing it must not stop everything else for long. */
const MAX_BATCH_BYTES = 256 * 1024;

/**
 * What waits for one channel. Everything offered in one turn of the event loop goes out as one message; at most one is
 * under way, so a process that does not drain its channel makes frames wait here, up to a bound, and then be refused.
 */
export class Outbox<Frame> {
  #waiting: Frame[] = [];
  #waitingBytes = 0;
  #underWay = false;
  #scheduled = false;
  #refused = 0;
  #closed = false;
  #whenEmpty: (() => void)[] = [];

  constructor(readonly parts: OutboxParts<Frame>) {}

  /** True from the first frame that was refused until everything that waited has gone out. */
  get isFull(): boolean {
    return this.#refused > 0;
  }

  /** @returns false when there is no room: the frame is dropped, and `onRelief` will tell. */
  offer(frame: Frame): boolean {
    if (this.#closed) return false;
    const bytes = this.parts.weigh(frame);
    const { maxBytes = MAX_WAITING_BYTES } = this.parts;
    // Once something was dropped, what comes later is as well: a gap should have one end, not many.
    if (this.isFull || (this.#waitingBytes + bytes > maxBytes && this.#waiting.length > 0)) {
      this.#refused += 1;
      return false;
    }
    this.#take(frame, bytes);
    return true;
  }

  /** For the few frames that may not be dropped, whose number is bounded by what they answer. */
  insist(frame: Frame): void {
    if (!this.#closed) this.#take(frame, this.parts.weigh(frame));
  }

  /** Resolves when nothing waits any more, at once after `close`. */
  async empty(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#underWay) return;
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** The other process is gone: what waits is dropped. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#tellEmpty();
  }

  #take(frame: Frame, bytes: number): void {
    this.#waiting.push(frame);
    this.#waitingBytes += bytes;
    if (this.#scheduled || this.#underWay) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#closed || this.#underWay || this.#waiting.length === 0) return;
    const batch = this.#nextBatch();
    this.#underWay = true;
    this.parts.send(batch, (error) => {
      this.#underWay = false;
      if (error !== null) this.close();
      else this.#sent();
    });
  }

  #nextBatch(): Frame[] {
    let bytes = 0;
    let count = 0;
    for (const frame of this.#waiting) {
      bytes += this.parts.weigh(frame);
      count += 1;
      if (bytes >= MAX_BATCH_BYTES) break;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #sent(): void {
    if (this.#waiting.length === 0 && this.#refused > 0) {
      const refused = this.#refused;
      this.#refused = 0;
      this.parts.onRelief(refused);
    }
    if (this.#waiting.length > 0) this.#flush();
    else this.#tellEmpty();
  }

  #tellEmpty(): void {
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
