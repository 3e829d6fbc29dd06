import type { UserId } from '../../../contract/index.js';
import type { Principal, UserDirectory } from '../services/users/index.js';
import { timeoutError } from '../utils/readDeadline.js';
import { AppError, unavailable } from '../utils/appError.js';
import { monotonicMs } from '../utils/clock.js';
import { SharedDeadline } from '../utils/deadline.js';
import type { InTurn, UserWork } from './userWork.js';

interface CommandGuardDeps {
  users: UserDirectory;
  userWork: UserWork;
  /** Maximum number of unfinished commands in this process. */
  maxUnderWay: number;
  /** Deadline of every answer, in ms. A database may accept a command and never answer it. */
  answerWithinMs: number;
}

/**
 * Admission control of every command, from a socket or over HTTP. It refuses commands during shutdown and overload, and
 * commands with an expired or revoked token. It counts unanswered commands, so that a shutdown can wait for them.
 */
export class CommandGuard {
  readonly #deps: CommandGuardDeps;
  readonly #answers: SharedDeadline;
  #draining = false;
  /** Number of commands without an answer. */
  #unanswered = 0;
  /** Number of unfinished commands, answered or not. It grows while the database does not answer. */
  #underWay = 0;
  #whenIdle: (() => void) | undefined;

  constructor(deps: CommandGuardDeps) {
    this.#deps = deps;
    this.#answers = new SharedDeadline(deps.answerWithinMs);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** @throws AppError `TOKEN_EXPIRED`, `UNAUTHENTICATED` (revoked) or `UNAVAILABLE` (revocations cannot be read). */
  async requireValid(principal: Principal): Promise<void> {
    if (principal.expiresAtMs <= Date.now()) throw new AppError('TOKEN_EXPIRED', 'The token has expired.');
    const { users } = this.#deps;
    if (!users.isFresh()) await users.refresh();
    users.requireNotRevoked(principal);
  }

  /**
   * Runs a command. After `answerWithinMs` it throws `UNAVAILABLE`: a command that reads is stopped, a command that
   * writes runs to its end without an answer.
   *
   * @param command runs the other checks of the pipeline, and its work through `inTurn`.
   * @throws AppError `UNAVAILABLE` (shutdown, overload or deadline), `RATE_LIMITED` (too many unfinished commands of
   * this user), and the errors of the command.
   */
  async run<T>(userId: UserId, command: (inTurn: InTurn) => Promise<T>): Promise<T> {
    if (this.#draining) throw unavailable('The server is shutting down.');
    const { userWork, maxUnderWay, answerWithinMs } = this.#deps;
    // Checked before the limit of the process, so that a burst of one user cannot use it up.
    const { inTurn, leave } = userWork.enter(userId, monotonicMs() + answerWithinMs);
    if (this.#underWay >= maxUnderWay) {
      leave();
      throw unavailable('Too many commands are under way.');
    }
    this.#unanswered += 1;
    try {
      return await this.#answers.race(
        this.#track(() => command(inTurn), leave),
        timeoutError,
      );
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#whenIdle?.();
    }
  }

  async #track<T>(command: () => Promise<T>, onEnd: () => void): Promise<T> {
    this.#underWay += 1;
    try {
      return await command();
    } finally {
      this.#underWay -= 1;
      onEnd();
    }
  }

  /** Refuses new commands. Resolves when every accepted command has been answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#unanswered === 0) return;
    await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }
}
