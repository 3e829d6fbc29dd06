import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../backend/src/utils/backoff.js';

export interface RestartedProcessOptions {
  name: string;
  spawn: () => ChildProcess;
  /** Polled after every start until it resolves with true. */
  isReady: (child: ChildProcess) => Promise<boolean>;
  /** Called after each end of the process, before it is started again. */
  onExit?: () => void;
  log: (line: string) => void;
  /** Called when the process did not become ready for `GIVE_UP_AFTER_MS`. */
  onGivenUp: () => void;
}

const READY_POLL_MS = 20;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;
/** Long enough for a predecessor that still writes its last pages to leave the data folder. */
const GIVE_UP_AFTER_MS = 20_000;

/** A child process that is started again whenever it exits without having been stopped. */
export class RestartedProcess {
  #child: ChildProcess | undefined;
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(readonly options: RestartedProcessOptions) {}

  /** Resolves when the process is ready for the first time. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = this.#keepRunning(resolve);
    });
  }

  /** Sends the signal, and SIGKILL after `patienceMs`. Resolves when the process is gone. */
  async stop(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    child?.kill(signal);
    const timer = setTimeout(() => child?.kill('SIGKILL'), patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  async #keepRunning(onReady: () => void): Promise<void> {
    const { name, log, onGivenUp } = this.options;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    let downSinceMs = performance.now();
    while (!this.#stopping) {
      const wasReady = await this.#runOnce(onReady);
      if (this.#isStopping()) return;
      log(`${name} ended by itself${wasReady ? '' : ' before it was ready'}`);
      if (wasReady) {
        backoff.reset();
        downSinceMs = performance.now();
      } else if (performance.now() - downSinceMs > GIVE_UP_AFTER_MS) {
        log(`${name} does not start`);
        onGivenUp();
        return;
      }
      await sleep(backoff.next());
    }
  }

  /** Reads the flag again: the compiler does not know that it may have changed during an await. */
  #isStopping(): boolean {
    return this.#stopping;
  }

  /** Starts the process and waits for its exit. @returns whether it became ready. */
  async #runOnce(onReady: () => void): Promise<boolean> {
    const child = this.options.spawn();
    this.#child = child;
    const state = { exited: false, ready: false };
    const exit = new Promise<void>((resolve) => {
      const end = (): void => {
        state.exited = true;
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });
    while (!state.exited && !state.ready) {
      state.ready = await this.options.isReady(child);
      if (!state.ready) await sleep(READY_POLL_MS);
    }
    if (state.ready) onReady();
    await exit;
    this.options.onExit?.();
    return state.ready;
  }
}
