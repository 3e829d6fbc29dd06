/** Exponential backoff from `firstMs` to `maxMs`, with 20 % jitter so that processes do not retry in step. */
export class Backoff {
  #nextMs: number;

  constructor(
    readonly firstMs: number,
    readonly maxMs: number,
  ) {
    this.#nextMs = firstMs;
  }

  /** Returns the next delay in ms. */
  next(): number {
    const waitMs = this.#nextMs * (0.8 + Math.random() * 0.4);
    this.#nextMs = Math.min(this.#nextMs * 2, this.maxMs);
    return waitMs;
  }

  reset(): void {
    this.#nextMs = this.firstMs;
  }
}
