import type { WebhookRetryModel, WebhookRetryRecord } from '../../models/webhookRetryModel.js';
import { keyOf, type DueSubject } from './subjects.js';

/** A subject whose deliveries fail. */
export interface Retry {
  readonly key: string;
  readonly record: WebhookRetryRecord;
  /** Set when more of this subject was read since its delivery began. */
  hasMore: boolean;
  isRunning: boolean;
  /** Set while it is removed, because everything was delivered. */
  closing?: Promise<void>;
}

/** True when more was read since it was set to false: deliveries run beside the reading. */
export const hasMore = (retry: Retry): boolean => retry.hasMore;

/** Times of attempts, in ms. */
export interface RetryTiming {
  firstMs: number;
  maxMs: number;
}

export interface WebhookTiming {
  retry: RetryTiming;
  /** Time after which a webhook with a failing subject is switched off, in ms. */
  giveUpMs: number;
}

/** Each wait is this many times the one before. With 5 s first and 8 h at most: 16 attempts in three days. */
const FACTOR = 3;
const JITTER = 0.2;

/** Returns the wait after so many failed attempts, in ms. */
export function waitAfter(attempts: number, { firstMs, maxMs }: RetryTiming): number {
  const waitMs = Math.min(firstMs * FACTOR ** (attempts - 1), maxMs);
  return waitMs * (1 - JITTER + 2 * JITTER * Math.random());
}

/** Subjects of one webhook that fail: in memory, and in the database for the process that takes over. */
export class Retries {
  readonly #model: WebhookRetryModel;
  readonly #webhookId: string;
  readonly #byKey = new Map<string, Retry>();

  constructor(model: WebhookRetryModel, webhookId: string) {
    this.#model = model;
    this.#webhookId = webhookId;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Time of the first failure of the subject that fails for the longest time, in ms since 1970. */
  get failingSinceMs(): number | undefined {
    const times = [...this.#byKey.values()].map(({ record }) => record.firstFailedAt.getTime());
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async load(limit: number): Promise<void> {
    for (const record of await this.#model.findByWebhook(this.#webhookId, limit)) {
      const key = keyOf(record.subject);
      this.#byKey.set(key, { key, record, hasMore: false, isRunning: false });
    }
  }

  /** Returns the failing subject, after one that is just being removed is gone: a later failure must not be removed with it. */
  async find(key: string): Promise<Retry | undefined> {
    await this.#byKey.get(key)?.closing;
    return this.#byKey.get(key);
  }

  /** Returns the subject that has waited longest, of those that are due and not under way. */
  nextDue(now: number): Retry | undefined {
    const due = [...this.#byKey.values()].filter(
      ({ record, isRunning }) => !isRunning && record.nextAt.getTime() <= now,
    );
    return due.sort((a, b) => a.record.nextAt.getTime() - b.record.nextAt.getTime())[0];
  }

  /** Stores a subject that has just failed for the first time, or whose delivery takes long (`isRunning`). */
  async add(
    { subject }: DueSubject,
    {
      error,
      now,
      waitMs,
      isRunning = false,
    }: { error: string; now: number; waitMs: number; isRunning?: boolean },
  ): Promise<Retry> {
    const key = keyOf(subject);
    const record: WebhookRetryRecord = {
      _id: `${this.#webhookId} ${key}`,
      webhookId: this.#webhookId,
      subject,
      attempts: isRunning ? 0 : 1,
      nextAt: new Date(now + waitMs),
      firstFailedAt: new Date(now),
      error,
    };
    const retry = { key, record, hasMore: false, isRunning };
    await this.#model.put(record);
    this.#byKey.set(key, retry);
    return retry;
  }

  /** Notes that more of a failing subject was read. What it does not name yet is stored before the cursor moves on. */
  async extend(retry: Retry, due: DueSubject): Promise<void> {
    retry.hasMore = true;
    const { subject } = retry.record;
    const more = due.subject;
    if (subject.kind !== 'conversation' || more.kind !== 'conversation') return;
    let isChanged = false;
    for (const log of ['seq', 'rev'] as const) {
      const from = more[log];
      if (from === undefined || (subject[log] !== undefined && subject[log] <= from)) continue;
      subject[log] = from;
      isChanged = true;
    }
    if (isChanged) await this.#model.put(retry.record);
  }

  async postpone(retry: Retry, { error, nextAt }: { error: string; nextAt: Date }): Promise<void> {
    Object.assign(retry.record, { error, nextAt, attempts: retry.record.attempts + 1 });
    await this.#model.put(retry.record);
  }

  /** Lets all subjects be tried at once: the receiver works again. */
  hurry(now: number): void {
    for (const { record } of this.#byKey.values())
      record.nextAt = new Date(Math.min(record.nextAt.getTime(), now));
  }

  /** Removes a subject, all of whose events were delivered. */
  async close(retry: Retry): Promise<void> {
    retry.closing = this.#model.remove(retry.record._id).finally(() => {
      delete retry.closing;
    });
    await retry.closing;
    this.#byKey.delete(retry.key);
  }
}
