import type { UserId } from '../../../../contract/index.js';
import { rateLimited } from '../../utils/appError.js';

/** Who has too much waiting may ask again after this long, in ms. */
const RETRY_AFTER_MS = 1_000;

/** How much of a queue each user takes up: nobody may fill it for everybody. Holds only those who have something in it. */
export class Shares {
  readonly #taken = new Map<UserId, number>();
  #total = 0;

  constructor(readonly maxPerUser: number) {}

  get total(): number {
    return this.#total;
  }

  /** @returns what gives it back, to be called once. @throws AppError `RATE_LIMITED`. */
  take(userId: UserId): () => void {
    const taken = this.#taken.get(userId) ?? 0;
    if (taken >= this.maxPerUser) {
      throw rateLimited('Too many of your messages are waiting for the database.', RETRY_AFTER_MS);
    }
    this.#taken.set(userId, taken + 1);
    this.#total += 1;
    return () => this.#giveBack(userId);
  }

  #giveBack(userId: UserId): void {
    const left = (this.#taken.get(userId) ?? 1) - 1;
    if (left === 0) this.#taken.delete(userId);
    else this.#taken.set(userId, left);
    this.#total -= 1;
  }
}
