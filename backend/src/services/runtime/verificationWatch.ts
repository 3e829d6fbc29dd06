import type { VerificationModel } from '../../models/verificationModel.js';
import { sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { DatabaseTime } from './databaseTime.js';

interface WatchDeps {
  verification: VerificationModel;
  time: DatabaseTime;
  metrics: Metrics;
  logger: Logger;
  /** Interval between two verifications, over all processes, in ms; 0 for never. */
  intervalMs: number;
}

/** Interval in ms at which results of other processes are read. */
const LOOK_EVERY_MS = 30_000;
/** Pause after each page, in ms: a verification is not urgent, and leaves the database to users. */
const PAUSE_MS = 20;

class Ended extends Error {}

/**
 * Verifies the stored data from time to time, and reports issues in metrics. One process at a time verifies; all of
 * them report its result, so it does not matter which one is scraped.
 */
export class VerificationWatch {
  readonly #deps: WatchDeps;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isOver = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { intervalMs } = this.#deps;
    if (intervalMs === 0) return;
    void this.look();
    this.#timer = setInterval(() => void this.look(), Math.min(LOOK_EVERY_MS, intervalMs));
    this.#timer.unref();
  }

  /** Ends a running verification after its current page. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Verifies if a verification is due, and reports the last result. Never throws; one call at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        if (!(error instanceof Ended))
          this.#deps.logger.warn({ err: error }, 'what is stored could not be verified');
      })
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { verification, time } = this.#deps;
    const isMine = await verification.claim(time.now(), this.#next());
    if (isMine) await this.#verify();
    const last = await verification.find();
    if (last?.found === undefined || last.finishedAt === undefined) return;
    const { verificationIssues, verificationFinished } = this.#deps.metrics;
    for (const [issue, count] of Object.entries(last.found)) verificationIssues.set({ issue }, count);
    verificationFinished.set(last.finishedAt.getTime() / 1_000);
  }

  async #verify(): Promise<void> {
    const { verification, time, logger } = this.#deps;
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
    return new Date(this.#deps.time.nowMs() + this.#deps.intervalMs);
  }
}
