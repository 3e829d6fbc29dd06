import { setTimeout as wait } from 'node:timers/promises';
import { Backoff } from '../utils/backoff.js';
import { monotonicMs } from '../utils/clock.js';
import { withDeadline } from '../utils/deadline.js';
import type { Logger } from '../utils/logger.js';
import { StartFailed, type WorkerProcess } from './workerProcess.js';

export interface WorkerPoolDeps {
  count: number;
  logger: Logger;
  /** Forks a worker, which begins to start. */
  fork: () => WorkerProcess;
  /** Maximum time for a worker to end, in ms, before it is killed. */
  retireTimeoutMs: number;
  onReady: (worker: WorkerProcess) => void;
  onExited: (worker: WorkerProcess) => void;
  /** Called when a worker has replaced another one. */
  onReplaced: (reason: 'crash' | 'rolling') => void;
  /** Called when no worker serves and none can be started. */
  onGiveUp: (reason: string) => void;
}

/**
 * Time limit, in ms, for a worker that joins a running server: everything it needs exists, so a slower one hangs. The
 * first worker has no limit, because it may have to download and install the embedded database.
 */
const START_TIMEOUT_MS = 60_000;
/** Consecutive failed starts, while no worker serves, after which the pool gives up. */
const MAX_FAILED_STARTS = 5;
/** Delay before the first restart after repeated crashes, in ms. */
const FIRST_DELAY_MS = 200;
/** Longest delay between restarts, in ms. */
const MAX_DELAY_MS = 15_000;
/** Time without a crash, in ms, after which the next crashed worker is replaced at once again. */
const CRASH_RESET_MS = 30_000;

/** Keeps `count` workers serving: starts them, replaces crashed ones, and retires them one by one or all together. */
export class WorkerPool {
  readonly #workers = new Set<WorkerProcess>();
  readonly #backoff = new Backoff(FIRST_DELAY_MS, MAX_DELAY_MS);
  #lastCrashMs = -Infinity;
  #failedStarts = 0;
  #stopping: Promise<void> | undefined;
  #isRestarting = false;
  #restartAgain = false;

  constructor(readonly deps: WorkerPoolDeps) {}

  /** Workers that accept connections. */
  get serving(): WorkerProcess[] {
    return [...this.#workers].filter(({ state }) => state === 'ready');
  }

  /** Finds a worker that may have sessions: it serves or is draining. */
  find(id: number): WorkerProcess | undefined {
    return [...this.#workers].find((worker) => worker.id === id && worker.state !== 'starting');
  }

  /**
   * Starts the first worker alone, because it creates shared resources (database, indexes, secret, demo users), then
   * the others.
   *
   * Returns the port. @throws StartFailed when a worker reports why it cannot start, or after several starts without a
   * reason.
   */
  async start(): Promise<number> {
    const first = await this.#spawnFirst();
    const rest = Array.from({ length: this.deps.count - 1 }, () => this.#spawnFirst());
    await Promise.all(rest);
    return first;
  }

  /** Replaces every worker, one after the other. A call while this runs starts another round after it. */
  async restartAll(): Promise<void> {
    this.#restartAgain = this.#isRestarting;
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    do {
      this.#restartAgain = false;
      await this.#restartOnce();
    } while (this.#isRestartWanted());
    this.#isRestarting = false;
  }

  /** Retires all workers at the same time. */
  stop(): Promise<void> {
    this.#stopping ??= Promise.all(
      [...this.#workers].map((worker) => worker.retire(this.deps.retireTimeoutMs)),
    ).then(() => undefined);
    return this.#stopping;
  }

  #isRestartWanted(): boolean {
    return this.#restartAgain && this.#stopping === undefined;
  }

  async #restartOnce(): Promise<void> {
    const { logger, retireTimeoutMs, onReplaced } = this.deps;
    logger.info('rolling restart: started');
    for (const old of this.serving) {
      if (this.#stopping !== undefined) return;
      // It crashed in the meantime, and its replacement is new.
      if (old.state !== 'ready') continue;
      try {
        await this.#spawn(START_TIMEOUT_MS);
      } catch (error) {
        logger.error({ err: error }, 'rolling restart: a new worker cannot start; the old ones stay');
        return;
      }
      await old.retire(retireTimeoutMs);
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
        const isFatal = error instanceof StartFailed && error.hasReason;
        if (isFatal || this.#stopping !== undefined || this.#failedStarts >= MAX_FAILED_STARTS) throw error;
        await wait(this.#backoff.next());
      }
    }
  }

  /** @param timeoutMs time limit until it is ready; none when undefined. @throws StartFailed */
  async #spawn(timeoutMs?: number): Promise<number> {
    if (this.#stopping !== undefined) throw new StartFailed('The server is shutting down.', true);
    const worker = this.deps.fork();
    this.#workers.add(worker);
    void worker.exited.then(() => this.#onExited(worker));
    try {
      const port = await (timeoutMs === undefined ? worker.ready : readyWithin(worker, timeoutMs));
      this.#failedStarts = 0;
      void worker.exited.then(() => this.#onEnded(worker));
      this.deps.onReady(worker);
      return port;
    } catch (error) {
      this.#failedStarts += 1;
      worker.kill();
      throw error;
    }
  }

  #onExited(worker: WorkerProcess): void {
    this.#workers.delete(worker);
    this.deps.onExited(worker);
  }

  /** Called when a ready worker has ended: replaces it unless it was retired. */
  #onEnded(worker: WorkerProcess): void {
    if (worker.wasRetired || this.#stopping !== undefined) return;
    this.deps.logger.error({ worker: worker.id }, 'a worker crashed, replacing it');
    const isIsolated = monotonicMs() - this.#lastCrashMs > CRASH_RESET_MS;
    this.#lastCrashMs = monotonicMs();
    if (isIsolated) this.#backoff.reset();
    void this.#replace(isIsolated ? 0 : this.#backoff.next());
  }

  async #replace(firstWaitMs: number): Promise<void> {
    for (let waitMs = firstWaitMs; ; waitMs = this.#backoff.next()) {
      // A referenced timer keeps the primary alive: without workers there may be no other handle.
      await wait(waitMs);
      if (this.#stopping !== undefined) return;
      try {
        await this.#spawn(START_TIMEOUT_MS);
        this.deps.onReplaced('crash');
        return;
      } catch (error) {
        this.deps.logger.error({ err: error }, 'a crashed worker could not be replaced, retrying');
        if (this.#failedStarts < MAX_FAILED_STARTS || this.serving.length > 0) continue;
        const reason = error instanceof Error ? error.message : String(error);
        this.deps.onGiveUp(`No worker serves, and ${this.#failedStarts} in a row could not start. ${reason}`);
        return;
      }
    }
  }
}

function readyWithin(worker: WorkerProcess, timeoutMs: number): Promise<number> {
  return withDeadline(
    worker.ready,
    timeoutMs,
    () => new StartFailed(`A worker was not ready within ${timeoutMs} ms.`, false),
  );
}
