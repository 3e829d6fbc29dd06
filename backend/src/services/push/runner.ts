import type { FeedEntry, MessageFeed } from '../../models/messageFeed.js';
import { firstIdAt, idAfter } from '../../models/objectIds.js';
import type { PushCursorModel } from '../../models/pushCursorModel.js';
import type { PushJobModel } from '../../models/pushJobModel.js';
import { isDatabaseUnavailable } from '../../models/unavailable.js';
import { AppError } from '../../utils/appError.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { DatabaseTime, ProcessRegistry, QuietLogs } from '../runtime/index.js';
import type { Dispatcher } from './dispatcher.js';
import type { Pusher } from './pusher.js';
import type { PushSettings } from './settings.js';

export interface RunnerDeps {
  pusher: Pick<Pusher, 'push' | 'retry' | 'pushLarge'>;
  dispatcher: Pick<Dispatcher, 'removeInvalid'>;
  messageFeed: MessageFeed;
  pushCursor: PushCursorModel;
  pushJobs: PushJobModel;
  registry: Pick<ProcessRegistry, 'id' | 'settledThrough'>;
  quietLogs: QuietLogs;
  settings: PushSettings;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'pushLagSeconds' | 'pushesWaiting'>;
  logger: Logger;
}

/** Entries of the log that are looked at together. */
const MAX_ENTRIES = 500;
const MAX_RETRIES = 200;
/** Pause between two looks, in ms: of the process that holds the lease, and of the others. */
const LOOK_MS = 500;
const WAIT_MS = 2_000;
/** Time after which another process takes over from one that has stopped renewing the lease, in ms. */
const LEASE_MS = 10_000;
const RENEW_MS = 2_500;
/** The position is stored at least this often while there are no new entries, in ms. */
const SAVE_EVERY_MS = 5_000;
/** Part of the lease that is not used, in ms: the times of processes differ slightly. */
const MARGIN_MS = 2_000;
/** Interval of questions for tokens that have become invalid, in ms. */
const INVALID_MS = 30_000;
/** Ids are older than the message's time by at most this, in ms. */
const SLACK_MS = 60_000;
/** Failures in a row, not of the database, after which something is given up: nothing else would ever be pushed. */
const MAX_FAILURES = 3;

const isUnavailable = (error: unknown): boolean =>
  isDatabaseUnavailable(error) || (error instanceof AppError && error.code === 'UNAVAILABLE');

/**
 * Follows the log of all messages from a stored position. One process at a time does it; when that one dies, the next
 * continues where it was. So every message is looked at, whichever process has stored it, and by one process only.
 */
export class PushRunner {
  readonly #deps: RunnerDeps;
  readonly #backoff = new Backoff(500, 10_000);
  #isStopping = false;
  #heldAtMs = 0;
  #heldUntilMs = 0;
  /** Reached by this process; undefined when it has to be read. While nothing happens it is ahead of the stored one. */
  #position: string | undefined;
  #savedAtMs = 0;
  #askedInvalidMs = 0;
  /** Failures in a row, by kind of work. */
  readonly #failures = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#plan(0);
  }

  /** True while no other process may have taken over. */
  isHolder(): boolean {
    return !this.#isStopping && monotonicMs() < this.#heldUntilMs;
  }

  /** Finishes what is under way, and lets another process take over at once. */
  async stop(): Promise<void> {
    const wasHolder = this.isHolder();
    this.#isStopping = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (!wasHolder) return;
    const { pushCursor, registry, logger } = this.#deps;
    await pushCursor.release(registry.id).catch((error: unknown) => {
      logger.debug({ err: error }, 'the lease of push notifications ends by itself');
    });
  }

  #plan(delayMs: number): void {
    if (this.#isStopping) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look();
    }, delayMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    let renewal: NodeJS.Timeout | undefined;
    try {
      this.#position = (this.#isRenewed() ? this.#position : undefined) ?? (await this.#hold());
      if (this.#position === undefined) {
        // The holder says how far it is.
        this.#deps.metrics.pushLagSeconds.set(0);
        this.#deps.metrics.pushesWaiting.set(0);
        this.#plan(WAIT_MS);
        return;
      }
      if (this.#deps.quietLogs.areQuiet()) {
        this.#plan(LOOK_MS);
        return;
      }
      renewal = setInterval(() => void this.#hold().catch(() => undefined), RENEW_MS);
      const hasMore = await this.#work(this.#position);
      this.#backoff.reset();
      this.#plan(hasMore ? 0 : LOOK_MS);
    } catch (error) {
      this.#position = undefined;
      if (!this.#isStopping) this.#deps.logger.warn({ err: error }, 'push notifications wait');
      this.#plan(this.#backoff.next());
    } finally {
      clearInterval(renewal);
    }
  }

  #isRenewed(): boolean {
    return this.isHolder() && monotonicMs() - this.#heldAtMs < RENEW_MS;
  }

  /** Takes or renews the lease. Returns the stored position; undefined while another process holds it. */
  async #hold(): Promise<string | undefined> {
    const { pushCursor, registry, time } = this.#deps;
    const startedMs = monotonicMs();
    const now = time.now();
    const position = await pushCursor.hold(registry.id, {
      now,
      until: new Date(now.getTime() + LEASE_MS),
      first: firstIdAt(Date.now()),
    });
    this.#heldAtMs = startedMs;
    this.#heldUntilMs = position === undefined ? 0 : startedMs + LEASE_MS - MARGIN_MS;
    return position;
  }

  /** @returns true when there is more to do. */
  async #work(position: string): Promise<boolean> {
    const { pusher, pushJobs, time, metrics, quietLogs } = this.#deps;
    quietLogs.beginLook();
    const isFull = await this.#follow(position);
    const now = time.now();
    const retries = this.isHolder() ? await pushJobs.findDue('retry', now, MAX_RETRIES) : [];
    if (retries.length > 0) {
      await this.#orGiveUp(
        'retries',
        () => pusher.retry(retries),
        () => pushJobs.remove(retries.map(({ _id }) => _id)),
      );
    }
    const [large] = this.isHolder() ? await pushJobs.findDue('large', now, 1) : [];
    if (large !== undefined) {
      await this.#orGiveUp(
        'large',
        () => pusher.pushLarge(large),
        () => pushJobs.remove([large._id]),
      );
    }
    const waiting = await pushJobs.count();
    metrics.pushesWaiting.set(waiting);
    await this.#removeInvalid();
    if (waiting === 0 && !isFull && this.isHolder()) quietLogs.noteNothing();
    return isFull || large !== undefined || retries.length === MAX_RETRIES;
  }

  /** Pushes the next entries of the log, then stores that they are done. @returns true when there may be more. */
  async #follow(position: string): Promise<boolean> {
    const { registry, messageFeed, pusher, pushCursor, settings, metrics, time } = this.#deps;
    const settled = await registry.settledThrough();
    const tooOld = firstIdAt(time.nowMs() - settings.ttlMs - SLACK_MS);
    const from = position < tooOld ? tooOld : position;
    const entries = settled > from ? await messageFeed.findBetween(from, settled, MAX_ENTRIES) : [];
    metrics.pushLagSeconds.set(
      entries[0] === undefined ? 0 : Math.max(0, time.nowMs() - entries[0].createdAt.getTime()) / 1_000,
    );
    if (entries.length > 0) {
      await this.#orGiveUp(
        'entries',
        () => pusher.push(entries),
        () => this.#pushEach(entries),
      );
    }
    const last = entries.at(-1);
    const isFull = entries.length === MAX_ENTRIES && last !== undefined;
    // Also backwards: ids of a process that was paused may have come later. What was pushed is not pushed again.
    const next = isFull ? idAfter(last._id) : settled;
    const isDue = entries.length > 0 || monotonicMs() - this.#savedAtMs >= SAVE_EVERY_MS;
    if (next !== position && isDue && this.isHolder()) {
      await pushCursor.move(registry.id, next);
      this.#savedAtMs = monotonicMs();
    }
    this.#position = next;
    return isFull;
  }

  /** Runs work. When it keeps failing although the database answers, it is given up. @throws as the work. */
  async #orGiveUp(kind: string, work: () => Promise<void>, giveUp: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failures.delete(kind);
    } catch (error) {
      if (isUnavailable(error) || !this.isHolder()) throw error;
      const count = (this.#failures.get(kind) ?? 0) + 1;
      this.#failures.set(kind, count);
      if (count < MAX_FAILURES) throw error;
      this.#deps.logger.error({ err: error, kind }, 'push notifications are given up');
      await giveUp();
      this.#failures.delete(kind);
    }
  }

  /** Pushes entries one by one, and leaves out those that fail. */
  async #pushEach(entries: readonly FeedEntry[]): Promise<void> {
    const { pusher, logger } = this.#deps;
    for (const entry of entries) {
      try {
        await pusher.push([entry]);
      } catch (error) {
        if (isUnavailable(error) || !this.isHolder()) throw error;
        logger.error({ err: error, messageId: entry._id }, 'a message is not pushed');
      }
    }
  }

  async #removeInvalid(): Promise<void> {
    if (monotonicMs() - this.#askedInvalidMs < INVALID_MS) return;
    this.#askedInvalidMs = monotonicMs();
    await this.#deps.dispatcher.removeInvalid();
  }
}
