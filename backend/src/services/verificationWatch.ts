import type { VerificationModel } from '../models/verificationModel.js';
import { sleep } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import type { DatabaseTime } from './derived/databaseTime.js';

interface WatchParts {
  verification: VerificationModel;
  time: DatabaseTime;
  metrics: Metrics;
  logger: Logger;
  /** Between two verifications, over all processes, in ms; 0 for never. */
  intervalMs: number;
}

/** What others have found is looked up this often, in ms. */
const LOOK_EVERY_MS = 30_000;
/** Behind each page, in ms: the verification takes its time, and leaves the database to those who wait. */
const PAUSE_MS = 20;

class Ended extends Error {}

/**
 * Verifies what is stored from time to time, and says in metrics what is wrong. One process at a time does it; all of
 * them show what it found, so that it does not matter which one is scraped or gone.
 */
export class VerificationWatch {
  readonly #parts: WatchParts;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isOver = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  start(): void {
    const { intervalMs } = this.#parts;
    if (intervalMs === 0) return;
    void this.look();
    this.#timer = setInterval(() => void this.look(), Math.min(LOOK_EVERY_MS, intervalMs));
    this.#timer.unref();
  }

  /** Ends what is under way behind its page. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Verifies if it is due, and shows what was found last. Never throws; one look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        if (!(error instanceof Ended))
          this.#parts.logger.warn({ err: error }, 'what is stored could not be verified');
      })
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { verification, time } = this.#parts;
    const isMine = await verification.claim(time.now(), this.#next());
    if (isMine) await this.#verify();
    const last = await verification.find();
    if (last?.found === undefined || last.finishedAt === undefined) return;
    const { verificationIssues, verificationFinished } = this.#parts.metrics;
    for (const [issue, count] of Object.entries(last.found)) verificationIssues.set({ issue }, count);
    verificationFinished.set(last.finishedAt.getTime() / 1_000);
  }

  async #verify(): Promise<void> {
    const { verification, time, logger } = this.#parts;
    const found = await verification.verify(async () => {
      await sleep(PAUSE_MS);
      if (this.#isOver) throw new Ended();
      await verification.extend(this.#next());
    });
    await verification.finish(time.now(), found);
    const wrong = Object.entries(found).filter(([, count]) => count > 0);
    if (wrong.length > 0) logger.warn(Object.fromEntries(wrong), 'the verification found what is wrong');
  }

  #next(): Date {
    return new Date(this.#parts.time.nowMs() + this.#parts.intervalMs);
  }
}
