/** Waits that double from `firstMs` up to `maxMs`, with a fifth of jitter so that processes do not knock together. */
export class Backoff {
  #nextMs: number;

  constructor(
    readonly firstMs: number,
    readonly maxMs: number,
  ) {
    this.#nextMs = firstMs;
  }

  /** The next wait in ms. */
  next(): number {
    const waitMs = this.#nextMs * (0.8 + Math.random() * 0.4);
    this.#nextMs = Math.min(this.#nextMs * 2, this.maxMs);
    return waitMs;
  }

  reset(): void {
    this.#nextMs = this.firstMs;
  }
}
