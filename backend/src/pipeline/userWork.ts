import type { BucketName, UserId } from '../../../contract/index.js';
import { rateLimited } from '../utils/appError.js';
import { timeoutError, withReadDeadline } from '../utils/readDeadline.js';
import { monotonicMs } from '../utils/clock.js';

/** `retryAfterMs` of the refusal when a user has too many unfinished commands, in ms. */
const RETRY_AFTER_MS = 1_000;

/** Buckets whose commands only read. Their work may be stopped at the deadline. */
const READ_BUCKETS: ReadonlySet<BucketName> = new Set(['read', 'sync', 'search', 'serverRead']);
/**
 * Buckets whose commands never wait for other commands of the user. Their writes are batched with limits of their own
 * (a read position in a large group may wait for seconds), and a token renewal must not wait behind list requests.
 */
const UNQUEUED_BUCKETS: ReadonlySet<BucketName> = new Set([
  'send',
  'receipt',
  'typing',
  'session',
  'serverSend',
]);

interface UserWorkLimits {
  /** Maximum number of unfinished commands of one user, running or waiting, over all connections and HTTP. */
  maxUnderWay: number;
  /** Maximum number of queued commands of one user that run at a time. The others wait in order of arrival. */
  maxRunning: number;
}

interface Queue {
  /** Unfinished commands, including those that are not queued. */
  underWay: number;
  running: number;
  /** Callbacks that start the waiting commands, oldest first. */
  waiting: (() => void)[];
}

/** Runs the work of a command in its turn. @throws AppError `UNAVAILABLE` (deadline passed), and the work's errors. */
export type InTurn = <T>(bucket: BucketName, work: () => Promise<T>) => Promise<T>;

/** Handle of one admitted command. */
export interface Admission {
  inTurn: InTurn;
  /** Must be called once, when the command has ended, answered or not. */
  leave: () => void;
}

/**
 * Limits the commands of each user in this process. The database has few connections: hundreds of list requests of one
 * user would occupy them all, and the commands of other users would time out.
 */
export class UserWork {
  readonly #limits: UserWorkLimits;
  /** Queues of users with unfinished commands. */
  readonly #queues = new Map<UserId, Queue>();

  constructor(limits: UserWorkLimits) {
    this.#limits = limits;
  }

  /**
   * Admits a command. Must be called before the command's first `await`.
   *
   * @param endsAtMs deadline of the answer, on the clock of `monotonicMs`.
   * @throws AppError `RATE_LIMITED`.
   */
  enter(userId: UserId, endsAtMs: number): Admission {
    const queue = this.#queues.get(userId) ?? { underWay: 0, running: 0, waiting: [] };
    if (queue.underWay >= this.#limits.maxUnderWay) {
      throw rateLimited('Too many of your commands are under way.', RETRY_AFTER_MS);
    }
    queue.underWay += 1;
    this.#queues.set(userId, queue);
    return {
      leave: () => {
        queue.underWay -= 1;
        if (queue.underWay === 0) this.#queues.delete(userId);
      },
      inTurn: async (bucket, work) => {
        if (UNQUEUED_BUCKETS.has(bucket)) return work();
        await this.#waitForTurn(queue);
        try {
          if (monotonicMs() >= endsAtMs) throw timeoutError();
          return await (READ_BUCKETS.has(bucket) ? withReadDeadline(endsAtMs, work) : work());
        } finally {
          this.#startNext(queue);
        }
      },
    };
  }

  async #waitForTurn(queue: Queue): Promise<void> {
    if (queue.running < this.#limits.maxRunning) {
      queue.running += 1;
      return;
    }
    // The command that ends starts this one in its stead, so `running` does not change.
    await new Promise<void>((resolve) => queue.waiting.push(resolve));
  }

  #startNext(queue: Queue): void {
    const start = queue.waiting.shift();
    if (start === undefined) queue.running -= 1;
    else start();
  }
}
