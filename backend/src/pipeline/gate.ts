import type { Principal } from '../services/tokens.js';
import type { UserDirectory } from '../services/userDirectory.js';
import { AppError, unavailable } from '../utils/appError.js';
import { SharedDeadline } from '../utils/deadline.js';

/** Nobody waits longer than this for an answer, in ms: a database may take a command and never say anything. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * What every command passes, from a socket or over HTTP: the server takes commands, and the token still holds.
 * Counts what is under way, so that a shutdown can wait for it.
 */
export class Gate {
  readonly #answers = new SharedDeadline(ANSWER_WITHIN_MS);
  #draining = false;
  /** Commands that have no answer yet. */
  #unanswered = 0;
  /** Commands that have not ended, answered or not: what a database that is silent piles up. */
  #underWay = 0;
  #whenIdle: (() => void) | undefined;

  /** @param maxUnderWay commands that may be under way in this process. */
  constructor(
    readonly users: UserDirectory,
    readonly maxUnderWay: number,
  ) {}

  get isDraining(): boolean {
    return this.#draining;
  }

  /** @throws AppError `TOKEN_EXPIRED`, `UNAUTHENTICATED` (revoked) or `UNAVAILABLE` (revocations cannot be asked). */
  async requireValid(principal: Principal): Promise<void> {
    if (principal.expiresAtMs <= Date.now()) throw new AppError('TOKEN_EXPIRED', 'The token has expired.');
    if (!this.users.isFresh()) await this.users.refresh();
    this.users.requireNotRevoked(principal);
  }

  /**
   * Runs a command, unless the server is about to stop or has too much to do. One that takes too long goes on, as every command may be
   * repeated, but whoever asked is told to ask again.
   *
   * @throws AppError `UNAVAILABLE`, and what the command throws.
   */
  async run<T>(command: () => Promise<T>): Promise<T> {
    if (this.#draining) throw unavailable('The server is shutting down.');
    if (this.#underWay >= this.maxUnderWay) throw unavailable('Too many commands are under way.');
    this.#unanswered += 1;
    try {
      return await this.#answers.race(this.#track(command), () =>
        unavailable('This took too long; ask again.'),
      );
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#whenIdle?.();
    }
  }

  async #track<T>(command: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await command();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Takes nothing new; resolves when everything under way has been answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#unanswered === 0) return;
    await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }
}
