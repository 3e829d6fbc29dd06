import type { MessageModel } from '../../models/messageModel.js';
import type { WebhookCursor, WebhookModel, WebhookRecord } from '../../models/webhookModel.js';
import type { WebhookRetryModel, WebhookSubject } from '../../models/webhookRetryModel.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { DatabaseTime, QuietLogs } from '../runtime/index.js';
import { WebhookClaim } from './claim.js';
import { Delivered } from './delivered.js';
import { withEarlier } from './earlier.js';
import type { EventStep, WebhookEvents } from './events.js';
import { isEmpty, timeOfCursor, type Batch, type LogFollower } from './follower.js';
import { hasMore, Retries, waitAfter, type Retry, type WebhookTiming } from './retries.js';
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
  quietLogs: QuietLogs;
  metrics: Metrics;
  logger: Logger;
  timing: WebhookTiming;
}

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

/** Delivers to one webhook, as long as this process owns it. */
export class WebhookRunner {
  readonly #deps: RunnerDeps;
  readonly #claim: WebhookClaim;
  readonly #delivered = new Delivered();
  readonly #retries: Retries;
  readonly #abort = new AbortController();
  readonly #pauses: Backoff;
  #cursor: WebhookCursor;
  #savedAtMs = monotonicMs();
  #failuresInARow = 0;
  #pausedUntilMs = 0;
  #lanes: Promise<unknown> = Promise.resolve();
  /** Deliveries that take long, beside the lanes. */
  readonly #slow = new Set<Promise<void>>();

  /** @param webhook as it was claimed. */
  constructor(deps: RunnerDeps, webhook: WebhookRecord, owner: string) {
    this.#deps = deps;
    this.#cursor = webhook.cursor;
    this.#claim = new WebhookClaim(deps, webhook, owner);
    this.#retries = new Retries(deps.webhookRetries, webhook._id);
    this.#pauses = new Backoff(deps.timing.retry.firstMs, MAX_PAUSE_MS);
  }

  /** True when the claim was lost or the webhook is off. */
  get isOver(): boolean {
    return this.#claim.isOver;
  }

  /** Handles the webhook as it is stored now. */
  noteStored(webhook: WebhookRecord | undefined): void {
    this.#claim.noteStored(webhook);
  }

  start(): void {
    this.#claim.start();
    this.#lanes = this.#run();
  }

  /** Finishes what is under way, stores the cursor and gives the claim back. Never throws. */
  async stop(): Promise<void> {
    this.#claim.end();
    const finished = this.#lanes.then(() => Promise.all(this.#slow));
    await Promise.race([finished, sleep(FINISH_MS)]);
    this.#abort.abort();
    await finished;
    try {
      if (this.#claim.isOwner()) await this.#claim.saveCursor(this.#cursor);
      await this.#claim.release();
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'a webhook could not be released');
    }
  }

  async #run(): Promise<void> {
    while (!this.isOver) {
      try {
        await this.#retries.load(MAX_FAILING * 2);
        break;
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
    await Promise.all([this.#follow(), ...Array.from({ length: RETRY_LANES }, () => this.#repeat())]);
    this.#deps.metrics.webhookLag.remove({ webhook: this.#claim.webhook._id });
  }

  /** The database is away, or something cannot be presented: nothing is lost, it is read again. */
  async #pauseAfter(error: unknown): Promise<void> {
    this.#deps.logger.debug({ err: error, webhook: this.#claim.webhook._id }, 'events could not be read');
    await sleep(POLL_MS);
  }

  async #follow(): Promise<void> {
    while (!this.isOver) {
      this.#observeLag();
      const isHeld = this.#retries.size >= MAX_FAILING || this.#deps.quietLogs.areQuiet();
      if (isHeld || monotonicMs() < this.#pausedUntilMs) {
        await sleep(POLL_MS);
        continue;
      }
      try {
        this.#deps.quietLogs.beginLook();
        const batch = await this.#deps.follower.read(this.#cursor, this.#claim.webhook.events);
        if (await this.#deliverBatch(batch)) await this.#moveOn(batch);
        if (isEmpty(batch)) this.#deps.quietLogs.noteNothing();
        if (!batch.isFull) await sleep(POLL_MS);
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
  }

  async #moveOn(batch: Batch): Promise<void> {
    this.#cursor = batch.cursor;
    if (isEmpty(batch) && monotonicMs() - this.#savedAtMs < SAVE_EVERY_MS) return;
    await this.#claim.saveCursor(batch.cursor);
    this.#savedAtMs = monotonicMs();
  }

  /** @returns true when all of it was delivered, or is stored to be repeated. */
  async #deliverBatch({ entries, blocks }: Batch): Promise<boolean> {
    const waiting = groupEntries(entries, blocks);
    const isPaused = (): boolean => this.isOver || monotonicMs() < this.#pausedUntilMs;
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
    return waiting.length === 0 && !this.isOver;
  }

  async #deliver(due: DueSubject): Promise<void> {
    const key = keyOf(due.subject);
    const failing = await this.#retries.find(key);
    if (failing !== undefined) return this.#retries.extend(failing, due);
    const isKnown = this.#delivered.knows(key);
    const whole = isKnown ? due : await withEarlier(due, this.#deps.messages, this.#cursor);
    const rest = this.#delivered.rest(key, whole);
    if (rest === undefined) return;
    const delivering = this.#deliverAll(rest);
    const failure = await Promise.race([delivering, sleep(SLOW_MS).then(() => 'slow' as const)]);
    if (failure === undefined || this.isOver) return;
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
    if (!this.isOver) this.#noteFailure();
    await this.#postpone(retry, failure);
  }

  /**
   * Delivers all events of a subject in order. Moves `due.subject` to the last entry that was delivered.
   *
   * @returns the failure that ended it.
   */
  async #deliverAll(due: DueSubject): Promise<Failure | undefined> {
    const { subject } = due;
    const key = keyOf(subject);
    const wanted = new Set(this.#claim.webhook.events);
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
      this.#deps.logger.warn(
        { err: error, webhook: this.#claim.webhook._id },
        'an event could not be presented',
      );
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
    if (this.isOver || !this.#claim.isOwner()) return { kind: 'failed', error: 'stopped' };
    const result = await this.#deps.sender.send(this.#claim.webhook, event, this.#abort.signal);
    this.#deps.metrics.webhookDeliveries.inc({ result: result.kind });
    this.#claim.noteResult(result);
    if (result.kind === 'accepted') {
      if (this.#failuresInARow >= MAX_FAILURES_IN_A_ROW) this.#retries.hurry(this.#now());
      this.#failuresInARow = 0;
      this.#pausedUntilMs = 0;
      this.#pauses.reset();
      return result;
    }
    if (result.kind === 'gone') await this.#switchOff('gone');
    else if (result.isBusy === true && result.retryAfterMs !== undefined) {
      this.#pausedUntilMs = monotonicMs() + Math.min(result.retryAfterMs, MAX_PAUSE_MS);
    }
    return result;
  }

  /** Repeats failing deliveries when they are due. */
  async #repeat(): Promise<void> {
    while (!this.isOver) {
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
      // Up to the end of the log: entries that are read meanwhile are left to this delivery.
      retry.hasMore = false;
      const failure = await this.#deliverAll({ subject: retry.record.subject });
      if (failure !== undefined) return this.#postpone(retry, failure);
    } while (hasMore(retry));
    await this.#retries.close(retry);
  }

  async #postpone(retry: Retry, failure: Failure): Promise<void> {
    if (this.isOver) return;
    const { giveUpMs } = this.#deps.timing;
    const now = this.#now();
    if (now - retry.record.firstFailedAt.getTime() >= giveUpMs) return this.#switchOff('failing');
    const nextAt = new Date(now + this.#waitAfter(retry.record.attempts + 1, failure));
    await this.#retries.postpone(retry, { error: failure.error, nextAt });
  }

  #waitAfter(attempts: number, failure: Failure): number {
    const waitMs = waitAfter(attempts, this.#deps.timing.retry);
    return failure.kind === 'failed' ? Math.max(waitMs, failure.retryAfterMs ?? 0) : waitMs;
  }

  async #switchOff(status: 'gone' | 'failing'): Promise<void> {
    const { metrics, logger } = this.#deps;
    if (this.isOver) return;
    const switching = this.#claim.switchOff(status);
    metrics.webhooksSwitchedOff.inc({ reason: status });
    logger.error(
      { webhook: this.#claim.webhook._id, reason: status, lastError: this.#claim.lastError },
      'a webhook was switched off: npm run webhooks -- enable continues where it stopped',
    );
    await switching;
  }

  #observeLag(): void {
    const reachedMs = this.#deps.quietLogs.areQuiet() ? this.#now() : timeOfCursor(this.#cursor);
    const oldestMs = Math.min(reachedMs, this.#retries.failingSinceMs ?? Infinity);
    const seconds = Math.max(0, this.#now() - oldestMs) / 1_000;
    this.#deps.metrics.webhookLag.set({ webhook: this.#claim.webhook._id }, seconds);
  }

  #now(): number {
    return this.#deps.time.nowMs();
  }
}
