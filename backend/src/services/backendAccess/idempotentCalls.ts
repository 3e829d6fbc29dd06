import { hash } from 'node:crypto';
import { v4 as uuid } from 'uuid';
import type { IdempotencyModel } from '../../models/idempotencyModel.js';
import { Backoff } from '../../utils/backoff.js';
import { conflict, unavailable } from '../../utils/appError.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { DatabaseTime } from '../runtime/index.js';

interface IdempotencyDeps {
  idempotency: IdempotencyModel;
  time: DatabaseTime;
  logger: Logger;
}

/** A call with an `Idempotency-Key`. */
export interface KeyedCall {
  /** Name of the API key: calls of a rotated key and its successor are the same caller's. */
  caller: string;
  key: string;
  /** Route and parsed input, which a repeat must equal. */
  input: unknown;
}

/** Time for which an attempt owns a call, in ms: longer than any call runs (`COMMAND_TIMEOUT_MS` is 10 s by default). */
const CLAIM_MS = 20_000;
/** Time that a repeat waits for the first call, in ms. */
const WAIT_MS = 8_000;
const POLL_FIRST_MS = 10;
const POLL_MAX_MS = 200;

/**
 * Runs calls with an `Idempotency-Key` once and answers repeats with the first answer.
 *
 * An attempt claims the key by an insert, runs the call, and stores the answer. Concurrent repeats wait for that answer. When
 * the process of an attempt dies in between, its claim ends after `CLAIM_MS`, and the next repeat runs the call again. That
 * is safe because every call is idempotent by itself: by `clientMessageId`, `clientConversationId`, the key of a pair, or
 * because it sets values. A failed call has changed nothing: its claim ends at once, and a repeat runs it again.
 */
export class IdempotentCalls {
  readonly #deps: IdempotencyDeps;

  constructor(deps: IdempotencyDeps) {
    this.#deps = deps;
  }

  /**
   * @returns the answer, and whether it is that of an earlier call.
   * @throws AppError `CONFLICT` (the key was used for another call), `UNAVAILABLE` (the first call is still running), and the
   * errors of `work`.
   */
  async run<Data extends object>(
    { caller, key, input }: KeyedCall,
    work: () => Promise<Data>,
  ): Promise<{ data: Data; isRepeated: boolean }> {
    const _id = `${caller}\n${key}`;
    const owner = uuid();
    const claim = { _id, owner, hash: hash('sha256', JSON.stringify(input), 'base64url') };
    const stored = await this.#claim(claim);
    // An answer stored under this hash is one of the same endpoint.
    if (stored !== undefined) return { data: stored as Data, isRepeated: true };
    const { idempotency } = this.#deps;
    let data: Data;
    try {
      data = await work();
    } catch (error) {
      await this.#release(_id, owner);
      throw error;
    }
    await idempotency.complete(_id, owner, data);
    return { data, isRepeated: false };
  }

  /** Claims a call. @returns the stored answer; undefined when the call is now this attempt's to run. */
  async #claim(claim: { _id: string; owner: string; hash: string }): Promise<object | undefined> {
    const { idempotency, time } = this.#deps;
    const backoff = new Backoff(POLL_FIRST_MS, POLL_MAX_MS);
    const endMs = monotonicMs() + WAIT_MS;
    for (;;) {
      const now = time.now();
      const claimedUntil = new Date(now.getTime() + CLAIM_MS);
      const result = await idempotency.claim({ ...claim, now, claimedUntil });
      switch (result.outcome) {
        case 'claimed':
          return undefined;
        case 'answered':
          return result.answer;
        case 'conflict':
          throw conflict('This Idempotency-Key was used for another call.');
        case 'running':
          if (monotonicMs() >= endMs)
            throw unavailable('The first call with this Idempotency-Key still runs.');
          await sleep(backoff.next());
      }
    }
  }

  /** Never throws: without it, the claim ends by itself. */
  async #release(_id: string, owner: string): Promise<void> {
    const { idempotency, time, logger } = this.#deps;
    try {
      await idempotency.release(_id, owner, time.now());
    } catch (error) {
      logger.warn({ err: error }, 'a claim could not be released and ends by itself');
    }
  }
}
