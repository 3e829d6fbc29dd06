import type { UserId } from '../../../../contract/index.js';
import { rateLimited } from '../../utils/appError.js';

/** `retryAfterMs` of the refusal when a user's quota is used up, in ms. */
const RETRY_AFTER_MS = 1_000;

/**
 * Limits how many entries of a queue one user may occupy, so that no user can fill it. Holds only users with entries.
 */
export class PerUserQuota {
  readonly #taken = new Map<UserId, number>();
  #total = 0;

  constructor(readonly maxPerUser: number) {}

  /** Number of entries of all users. */
  get total(): number {
    return this.#total;
  }

  /** Takes one entry. @returns a function that releases it, to be called once. @throws AppError `RATE_LIMITED`. */
  take(userId: UserId): () => void {
    const taken = this.#taken.get(userId) ?? 0;
    if (taken >= this.maxPerUser) {
      throw rateLimited('Too many of your messages are waiting for the database.', RETRY_AFTER_MS);
    }
    this.#taken.set(userId, taken + 1);
    this.#total += 1;
    return () => this.#release(userId);
  }

  #release(userId: UserId): void {
    const left = (this.#taken.get(userId) ?? 1) - 1;
    if (left === 0) this.#taken.delete(userId);
    else this.#taken.set(userId, left);
    this.#total -= 1;
  }
}
