import type { MessageModel } from '../../models/messageModel.js';
import type {
  Claim,
  WebhookCursor,
  WebhookModel,
  WebhookOutcome,
  WebhookRecord,
} from '../../models/webhookModel.js';
import type { WebhookRetryModel, WebhookSubject } from '../../models/webhookRetryModel.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { DatabaseTime } from '../runtime/index.js';
import { Delivered } from './delivered.js';
import type { EventStep, WebhookEvents } from './events.js';
import { timeOfCursor, type Batch, type LogFollower } from './follower.js';
import { Retries, waitAfter, type Retry, type RetryTiming } from './retries.js';
import type { DeliveryResult, WebhookEvent, WebhookSender } from './sender.js';
import { groupEntries, keyOf, type DueSubject } from './subjects.js';

type Failure = Extract<DeliveryResult, { error: string }>;

export interface RunnerDeps {
  webhooks: WebhookModel;
  webhookRetries: WebhookRetryModel;
  messages: Pick<MessageModel, 'findRange'>;
  time: DatabaseTime;
  events: WebhookEvents;
  sender: WebhookSender;
  follower: LogFollower;
  metrics: Metrics;
  logger: Logger;
  timing: WebhookTiming;
}

export interface WebhookTiming {
  retry: RetryTiming;
  /** Time after which a webhook with a failing subject is switched off, in ms. */
  giveUpMs: number;
}

/** Validity of a claim, and how often it is renewed, in ms. */
const CLAIM_MS = 10_000;
const RENEW_EVERY_MS = 2_000;
/** A process that could not renew its claim for this long stops delivering, in ms. Shorter than `CLAIM_MS`. */
const CLAIM_COUNTS_MS = 8_000;
/** Pause between two looks at the logs while nothing happens, in ms. */
const POLL_MS = 400;
/** The cursor is stored at least this often while nothing happens, in ms. */
const SAVE_EVERY_MS = 5_000;
/** Deliveries of one webhook at a time: those of different subjects, and repeated ones beside them. */
const LANES = 16;
const RETRY_LANES = 2;
/** Subjects in a row whose first delivery fails, after which the receiver counts as down and nothing new is read. */
const MAX_FAILURES_IN_A_ROW = 5;
/** Longest pause between two deliveries that find out whether the receiver is back, in ms. */
const MAX_PAUSE_MS = 300_000;
/** Failing subjects beyond which nothing new is read. */
const MAX_FAILING = 1_000;
/** Time for deliveries under way when the process ends, in ms. */
const FINISH_MS = 3_000;
/** A delivery that takes longer than this no longer holds up what was read after it, in ms. */
const SLOW_MS = 1_000;
/** Entries before a first one of a conversation that may have been committed before it and have a later id. */
const LOOK_BACK = 8;

/** Delivers to one webhook, as long as this process owns it. */
export class WebhookRunner {
  readonly #deps: RunnerDeps;
  readonly #claim: Claim;
  readonly #delivered = new Delivered();
  readonly #retries: Retries;
  readonly #abort = new AbortController();
  readonly #pauses: Backoff;
  #webhook: WebhookRecord;
  #cursor: WebhookCursor;
  #savedAtMs = monotonicMs();
  #renewedAtMs = monotonicMs();
  #outcome: WebhookOutcome = {};
  #failuresInARow = 0;
  #pausedUntilMs = 0;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #lanes: Promise<unknown> = Promise.resolve();
  /** Deliveries that take long, beside the lanes. */
  readonly #slow = new Set<Promise<void>>();

  /** @param webhook as it was claimed. */
  constructor(deps: RunnerDeps, webhook: WebhookRecord, owner: string) {
    this.#deps = deps;
    this.#webhook = webhook;
    this.#cursor = webhook.cursor;
    this.#claim = { _id: webhook._id, owner, generation: webhook.generation };
    this.#retries = new Retries(deps.webhookRetries, webhook._id);
    this.#pauses = new Backoff(deps.timing.retry.firstMs, MAX_PAUSE_MS);
  }

  /** True when the claim was lost or the webhook is off. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Handles what is stored of the webhook: a change takes effect at once. */
  noteStored(webhook: WebhookRecord | undefined): void {
    const isCurrent = webhook?.status === 'on' && webhook.generation === this.#claim.generation;
    if (isCurrent) this.#webhook = webhook;
    else this.#end();
  }

  start(): void {
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
    this.#timer.unref();
    this.#lanes = this.#run();
  }

  /** Finishes what is under way, stores the cursor and gives the claim back. Never throws. */
  async stop(): Promise<void> {
    this.#end();
    const finished = this.#lanes.then(() => Promise.all(this.#slow));
    await Promise.race([finished, sleep(FINISH_MS)]);
    this.#abort.abort();
    await finished;
    try {
      if (this.#isOwner()) await this.#deps.webhooks.saveCursor(this.#claim, this.#cursor);
      await this.#deps.webhooks.release(this.#claim, this.#outcome);
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'a webhook could not be released');
    }
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#retries.load(MAX_FAILING * 2);
        break;
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
    await Promise.all([this.#follow(), ...Array.from({ length: RETRY_LANES }, () => this.#repeat())]);
    this.#deps.metrics.webhookLag.remove({ webhook: this.#webhook._id });
  }

  /** The database is away, or something cannot be presented: nothing is lost, it is read again. */
  async #pauseAfter(error: unknown): Promise<void> {
    this.#deps.logger.debug({ err: error, webhook: this.#webhook._id }, 'events could not be read');
    await sleep(POLL_MS);
  }

  async #follow(): Promise<void> {
    while (!this.#isOver) {
      this.#observeLag();
      if (monotonicMs() < this.#pausedUntilMs || this.#retries.size >= MAX_FAILING) {
        await sleep(POLL_MS);
        continue;
      }
      try {
        const batch = await this.#deps.follower.read(this.#cursor, this.#webhook.events);
        if (await this.#deliverBatch(batch)) await this.#moveOn(batch);
        if (!batch.isFull) await sleep(POLL_MS);
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
  }

  async #moveOn({ cursor, entries, blocks }: Batch): Promise<void> {
    this.#cursor = cursor;
    const isIdle = entries.length + blocks.length === 0;
    if (isIdle && monotonicMs() - this.#savedAtMs < SAVE_EVERY_MS) return;
    if (!(await this.#deps.webhooks.saveCursor(this.#claim, cursor))) this.#end();
    this.#savedAtMs = monotonicMs();
  }

  /** @returns true when all of it was delivered, or is stored to be repeated. */
  async #deliverBatch({ entries, blocks }: Batch): Promise<boolean> {
    const waiting = groupEntries(entries, blocks);
    const isPaused = (): boolean => this.#isOver || monotonicMs() < this.#pausedUntilMs;
    const lane = async (): Promise<void> => {
      while (!isPaused()) {
        const due = waiting.shift();
        if (due === undefined) return;
        await this.#deliver(due);
      }
    };
    // One delivery finds out whether a receiver that was down is back.
    const lanes = this.#failuresInARow >= MAX_FAILURES_IN_A_ROW ? 1 : LANES;
    await Promise.all(Array.from({ length: lanes }, lane));
    return waiting.length === 0 && !this.#isOver;
  }

  async #deliver(due: DueSubject): Promise<void> {
    const key = keyOf(due.subject);
    const failing = await this.#retries.find(key);
    if (failing !== undefined) return this.#retries.extend(failing, due);
    const rest = this.#delivered.rest(key, await this.#withEarlier(key, due));
    if (rest === undefined) return;
    const delivering = this.#deliverAll(rest);
    const failure = await Promise.race([delivering, sleep(SLOW_MS).then(() => 'slow' as const)]);
    if (failure === undefined || this.#isOver) return;
    if (failure === 'slow') return this.#putAside(rest, delivering);
    this.#noteFailure();
    const waitMs = this.#waitAfter(1, failure);
    await this.#retries.add(rest, { error: failure.error, now: this.#now(), waitMs });
  }

  #noteFailure(): void {
    this.#failuresInARow += 1;
    if (this.#failuresInARow >= MAX_FAILURES_IN_A_ROW) {
      this.#pausedUntilMs = monotonicMs() + this.#pauses.next();
    }
  }

  /** Stores a subject whose delivery takes long, so that others need not wait for it, and lets it continue. */
  async #putAside(due: DueSubject, delivering: Promise<Failure | undefined>): Promise<void> {
    const retry = await this.#retries.add(due, {
      error: 'slow',
      now: this.#now(),
      waitMs: 0,
      isRunning: true,
    });
    const finishing = this.#finish(retry, delivering)
      .catch((error: unknown) => this.#pauseAfter(error))
      .finally(() => {
        retry.isRunning = false;
        this.#slow.delete(finishing);
      });
    this.#slow.add(finishing);
    if (this.#slow.size >= LANES) await Promise.race(this.#slow);
  }

  async #finish(retry: Retry, delivering: Promise<Failure | undefined>): Promise<void> {
    const failure = await delivering;
    if (failure === undefined) return this.#repeatOne(retry);
    if (!this.#isOver) this.#noteFailure();
    await this.#postpone(retry, failure);
  }

  /** Adds entries that were committed before the first one of a conversation and are to be read later. */
  async #withEarlier(key: string, due: DueSubject): Promise<DueSubject> {
    const { subject } = due;
    if (subject.kind !== 'conversation' || subject.seq === undefined || subject.seq === 0) return due;
    if (this.#delivered.knows(key)) return due;
    const { messages } = this.#deps;
    const from = Math.max(1, subject.seq - LOOK_BACK + 1);
    const before = await messages.findRange(subject.conversationId, from, subject.seq);
    const firstLate = before.findLastIndex(({ _id }) => _id < this.#cursor.logs.messages.id) + 1;
    const seq = before[firstLate] === undefined ? subject.seq : before[firstLate].seq - 1;
    return { ...due, subject: { ...subject, seq } };
  }

  /**
   * Delivers all events of a subject in order. Moves `due.subject` to the last entry that was delivered.
   *
   * @returns the failure that ended it.
   */
  async #deliverAll(due: DueSubject): Promise<Failure | undefined> {
    const { subject } = due;
    const key = keyOf(subject);
    const wanted = new Set(this.#webhook.events);
    const position = { ...subject };
    try {
      for await (const { events, reached } of this.#deps.events.of({ ...due, subject: position }, wanted)) {
        for (const event of events) {
          const result = await this.#attempt(event);
          if (result.kind !== 'accepted') return result;
        }
        this.#noteDelivered(key, { subject, position, reached });
      }
      return undefined;
    } catch (error) {
      this.#deps.logger.warn({ err: error, webhook: this.#webhook._id }, 'an event could not be presented');
      return { kind: 'failed', error: 'the event could not be read' };
    }
  }

  #noteDelivered(
    key: string,
    {
      subject,
      position,
      reached,
    }: { subject: WebhookSubject; position: WebhookSubject } & Pick<EventStep, 'reached'>,
  ): void {
    if (subject.kind !== 'conversation' || position.kind !== 'conversation' || reached.isNew === false) {
      this.#delivered.noteSubject(key);
      if (subject.kind === 'conversation') delete subject.isNew;
      return;
    }
    for (const log of ['seq', 'rev'] as const) {
      const to = reached[log];
      if (to === undefined) continue;
      this.#delivered.note(key, log, { from: to - 1, to });
      // A subject that was extended backwards meanwhile keeps its beginning.
      if (subject[log] === position[log]) subject[log] = to;
      position[log] = to;
    }
  }

  async #attempt(event: WebhookEvent): Promise<DeliveryResult> {
    if (this.#isOver || !this.#isOwner()) return { kind: 'failed', error: 'stopped' };
    const result = await this.#deps.sender.send(this.#webhook, event, this.#abort.signal);
    this.#deps.metrics.webhookDeliveries.inc({ result: result.kind });
    if (result.kind === 'accepted') {
      this.#outcome.lastSuccessAt = new Date();
      if (this.#failuresInARow >= MAX_FAILURES_IN_A_ROW) this.#retries.hurry(this.#now());
      this.#failuresInARow = 0;
      this.#pausedUntilMs = 0;
      this.#pauses.reset();
      return result;
    }
    Object.assign(this.#outcome, { lastError: result.error, lastErrorAt: new Date() });
    if (result.kind === 'gone') await this.#switchOff('gone');
    else if (result.isBusy === true && result.retryAfterMs !== undefined) {
      this.#pausedUntilMs = monotonicMs() + Math.min(result.retryAfterMs, MAX_PAUSE_MS);
    }
    return result;
  }

  /** Repeats failing deliveries when they are due. */
  async #repeat(): Promise<void> {
    while (!this.#isOver) {
      const retry = this.#retries.nextDue(this.#now());
      if (retry === undefined || (monotonicMs() < this.#pausedUntilMs && this.#failuresInARow === 0)) {
        await sleep(Math.min(POLL_MS, this.#deps.timing.retry.firstMs));
        continue;
      }
      retry.isRunning = true;
      try {
        await this.#repeatOne(retry);
      } catch (error) {
        await this.#pauseAfter(error);
      } finally {
        retry.isRunning = false;
      }
    }
  }

  async #repeatOne(retry: Retry): Promise<void> {
    do {
      retry.hasMore = false;
      // Up to the end of the log: what was read meanwhile was left to this delivery.
      const failure = await this.#deliverAll({ subject: retry.record.subject });
      if (failure !== undefined) return this.#postpone(retry, failure);
    } while (retry.hasMore);
    await this.#retries.close(retry);
  }

  async #postpone(retry: Retry, failure: Failure): Promise<void> {
    if (this.#isOver) return;
    const { giveUpMs } = this.#deps.timing;
    const now = this.#now();
    if (now - retry.record.firstFailedAt.getTime() >= giveUpMs) {
      await this.#switchOff('failing');
      return;
    }
    const nextAt = new Date(now + this.#waitAfter(retry.record.attempts + 1, failure));
    await this.#retries.postpone(retry, { error: failure.error, nextAt });
  }

  #waitAfter(attempts: number, failure: Failure): number {
    const waitMs = waitAfter(attempts, this.#deps.timing.retry);
    return failure.kind === 'failed' ? Math.max(waitMs, failure.retryAfterMs ?? 0) : waitMs;
  }

  async #switchOff(status: 'gone' | 'failing'): Promise<void> {
    const { webhooks, metrics, logger } = this.#deps;
    if (this.#isOver) return;
    this.#end();
    metrics.webhooksSwitchedOff.inc({ reason: status });
    logger.error(
      { webhook: this.#webhook._id, reason: status, lastError: this.#outcome.lastError },
      'a webhook was switched off: npm run webhooks -- enable continues where it stopped',
    );
    await webhooks.switchOff(this.#claim, status, this.#outcome);
  }

  async #renew(): Promise<void> {
    const startedMs = monotonicMs();
    try {
      const until = new Date(this.#now() + CLAIM_MS);
      const webhook = await this.#deps.webhooks.renew(this.#claim, until, this.#outcome);
      if (webhook === undefined) return this.#end();
      this.#webhook = webhook;
      this.#renewedAtMs = startedMs;
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'a claim on a webhook could not be renewed');
      if (!this.#isOwner()) this.#end();
    }
  }

  #isOwner(): boolean {
    return monotonicMs() - this.#renewedAtMs < CLAIM_COUNTS_MS;
  }

  #end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  #observeLag(): void {
    const oldestMs = Math.min(timeOfCursor(this.#cursor), this.#retries.failingSinceMs ?? Infinity);
    const seconds = Math.max(0, this.#now() - oldestMs) / 1_000;
    this.#deps.metrics.webhookLag.set({ webhook: this.#webhook._id }, seconds);
  }

  #now(): number {
    return this.#deps.time.nowMs();
  }
}
