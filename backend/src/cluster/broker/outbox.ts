/**
 * Sends one batch to the other process. Calls `done` with null once the channel has accepted it, else with the error.
 */
export type SendFrames<Frame> = (frames: Frame[], done: (error: Error | null) => void) => void;

export interface OutboxDeps<Frame> {
  send: SendFrames<Frame>;
  estimateBytes: (frame: Frame) => number;
  /** Called with the number of refused frames after the outbox was full and has drained. */
  onDrained: (refused: number) => void;
  /** Maximum bytes of waiting frames. */
  maxBytes?: number;
}

/** Default for the bytes of waiting frames per channel. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/**
 * Approximate maximum of one message between processes, in bytes: parsing it must not block the event loop for long.
 */
const MAX_BATCH_BYTES = 256 * 1024;

/**
 * Queue of frames for one channel. All frames of one turn of the event loop are sent as one message, and at most one
 * message is under way. When the other process does not drain its channel, frames wait here up to a bound and are then
 * refused.
 */
export class Outbox<Frame> {
  #waiting: Frame[] = [];
  #waitingBytes = 0;
  #underWay = false;
  #scheduled = false;
  #refused = 0;
  #closed = false;
  #whenEmpty: (() => void)[] = [];

  constructor(readonly deps: OutboxDeps<Frame>) {}

  /** True from the first refused frame until the queue has drained. */
  get isFull(): boolean {
    return this.#refused > 0;
  }

  /**
   * Returns false when the queue is full: the frame is dropped, and `onDrained` is called once the queue has drained.
   */
  tryEnqueue(frame: Frame): boolean {
    if (this.#closed) return false;
    const bytes = this.deps.estimateBytes(frame);
    const { maxBytes = MAX_WAITING_BYTES } = this.deps;
    // After a refused frame, all later ones are refused until the queue has drained: one gap is cheaper to repair than
    // many.
    if (this.isFull || (this.#waitingBytes + bytes > maxBytes && this.#waiting.length > 0)) {
      this.#refused += 1;
      return false;
    }
    this.#add(frame, bytes);
    return true;
  }

  /** Queues a frame that must not be dropped. Only for answers and notices, whose number is bounded by their causes. */
  enqueue(frame: Frame): void {
    if (!this.#closed) this.#add(frame, this.deps.estimateBytes(frame));
  }

  /** Resolves when no frame waits; immediately after `close`. */
  async empty(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#underWay) return;
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Called when the other process is gone: drops the waiting frames. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#notifyEmpty();
  }

  #add(frame: Frame, bytes: number): void {
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
    this.deps.send(batch, (error) => {
      this.#underWay = false;
      if (error !== null) this.close();
      else this.#sent();
    });
  }

  #nextBatch(): Frame[] {
    let bytes = 0;
    let count = 0;
    for (const frame of this.#waiting) {
      bytes += this.deps.estimateBytes(frame);
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
      this.deps.onDrained(refused);
    }
    if (this.#waiting.length > 0) this.#flush();
    else this.#notifyEmpty();
  }

  #notifyEmpty(): void {
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
