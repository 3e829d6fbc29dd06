import { setTimeout as wait } from 'node:timers/promises';
import { Backoff } from '../utils/backoff.js';
import { monotonicMs } from '../utils/clock.js';
import { withDeadline } from '../utils/deadline.js';
import type { Logger } from '../utils/logger.js';
import { StartFailed, type WorkerProcess } from './workerProcess.js';

export interface FleetParts {
  count: number;
  logger: Logger;
  /** Makes a worker; it begins to start. */
  fork: () => WorkerProcess;
  /** How long a worker may take to end, in ms, before it is killed. */
  retireWithinMs: number;
  onReady: (worker: WorkerProcess) => void;
  onGone: (worker: WorkerProcess) => void;
  /** A worker took the place of another one. */
  onReplaced: (reason: 'crash' | 'rolling') => void;
  /** No worker serves, and none can be made. */
  onGiveUp: (reason: string) => void;
}

/**
 * A worker that joins a running server has everything there and only connects; one that takes longer, in ms, hangs.
 * The very first may have to install a database: it takes the time that it takes.
 */
const START_WITHIN_MS = 60_000;
/** Workers that ended before they were ready, in a row, while none serves: the next would, too. */
const MAX_FAILED_STARTS = 5;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 15_000;
/** Without a crash for this long, in ms, the next one is answered at once again. */
const CALM_MS = 30_000;

/** Keeps a number of workers serving: starts them, replaces who dies, and lets them go one by one or all together. */
export class Fleet {
  readonly #workers = new Set<WorkerProcess>();
  readonly #backoff = new Backoff(FIRST_WAIT_MS, MAX_WAIT_MS);
  #lastCrashMs = -Infinity;
  #failedStarts = 0;
  #stopping: Promise<void> | undefined;
  #rolling = false;
  #rollAgain = false;

  constructor(readonly parts: FleetParts) {}

  /** Those that take connections. */
  get serving(): WorkerProcess[] {
    return [...this.#workers].filter(({ state }) => state === 'ready');
  }

  /** A worker that has sessions: it serves, or still finishes. */
  find(id: number): WorkerProcess | undefined {
    return [...this.#workers].find((worker) => worker.id === id && worker.state !== 'starting');
  }

  /**
   * Starts the first alone, as it makes what is made once (a database, indexes, a secret, demo users), then the others.
   *
   * @returns the port. @throws StartFailed as soon as one cannot start and says why, or after several that do not say.
   */
  async start(): Promise<number> {
    const first = await this.#spawnFirst();
    const rest = Array.from({ length: this.parts.count - 1 }, () => this.#spawnFirst());
    await Promise.all(rest);
    return first;
  }

  /** Replaces every worker, one after the other. Called again meanwhile, it goes round once more. */
  async roll(): Promise<void> {
    this.#rollAgain = this.#rolling;
    if (this.#rolling) return;
    this.#rolling = true;
    do {
      this.#rollAgain = false;
      await this.#rollOnce();
    } while (this.#isRollWanted());
    this.#rolling = false;
  }

  /** Lets all workers go, together. */
  stop(): Promise<void> {
    this.#stopping ??= Promise.all(
      [...this.#workers].map((worker) => worker.retire(this.parts.retireWithinMs)),
    ).then(() => undefined);
    return this.#stopping;
  }

  #isRollWanted(): boolean {
    return this.#rollAgain && this.#stopping === undefined;
  }

  async #rollOnce(): Promise<void> {
    const { logger, retireWithinMs, onReplaced } = this.parts;
    logger.info('rolling restart: begun');
    for (const old of this.serving) {
      if (this.#stopping !== undefined) return;
      // It has died meanwhile, and what replaces it is new.
      if (old.state !== 'ready') continue;
      try {
        await this.#spawn(START_WITHIN_MS);
      } catch (error) {
        logger.error({ err: error }, 'rolling restart: a new worker cannot start; the old ones stay');
        return;
      }
      await old.retire(retireWithinMs);
      onReplaced('rolling');
    }
    logger.info('rolling restart: done');
  }

  /** @throws StartFailed */
  async #spawnFirst(): Promise<number> {
    for (;;) {
      try {
        return await this.#spawn();
      } catch (error) {
        const isHopeless = error instanceof StartFailed && error.isExplained;
        if (isHopeless || this.#stopping !== undefined || this.#failedStarts >= MAX_FAILED_STARTS)
          throw error;
        await wait(this.#backoff.next());
      }
    }
  }

  /** @param withinMs until it is ready. @throws StartFailed */
  async #spawn(withinMs?: number): Promise<number> {
    if (this.#stopping !== undefined) throw new StartFailed('The server is shutting down.', true);
    const worker = this.parts.fork();
    this.#workers.add(worker);
    void worker.exited.then(() => this.#gone(worker));
    try {
      const port = await (withinMs === undefined ? worker.ready : readyWithin(worker, withinMs));
      this.#failedStarts = 0;
      void worker.exited.then(() => this.#crashed(worker));
      this.parts.onReady(worker);
      return port;
    } catch (error) {
      this.#failedStarts += 1;
      worker.kill();
      throw error;
    }
  }

  #gone(worker: WorkerProcess): void {
    this.#workers.delete(worker);
    this.parts.onGone(worker);
  }

  /** One that was ready has ended: replaced, unless it was told to go. */
  #crashed(worker: WorkerProcess): void {
    if (worker.wasRetired || this.#stopping !== undefined) return;
    this.parts.logger.error({ worker: worker.id }, 'a worker died: it is replaced');
    const isCalm = monotonicMs() - this.#lastCrashMs > CALM_MS;
    this.#lastCrashMs = monotonicMs();
    if (isCalm) this.#backoff.reset();
    void this.#replace(isCalm ? 0 : this.#backoff.next());
  }

  async #replace(firstWaitMs: number): Promise<void> {
    for (let waitMs = firstWaitMs; ; waitMs = this.#backoff.next()) {
      // Holds the process: without a worker there may be nothing else that does.
      await wait(waitMs);
      if (this.#stopping !== undefined) return;
      try {
        await this.#spawn(START_WITHIN_MS);
        this.parts.onReplaced('crash');
        return;
      } catch (error) {
        this.parts.logger.error({ err: error }, 'a worker could not be replaced: trying again');
        if (this.#failedStarts < MAX_FAILED_STARTS || this.serving.length > 0) continue;
        const reason = error instanceof Error ? error.message : String(error);
        this.parts.onGiveUp(
          `No worker serves, and ${this.#failedStarts} in a row could not start. ${reason}`,
        );
        return;
      }
    }
  }
}

function readyWithin(worker: WorkerProcess, withinMs: number): Promise<number> {
  return withDeadline(
    worker.ready,
    withinMs,
    () => new StartFailed(`A worker was not ready within ${withinMs} ms.`, false),
  );
}
