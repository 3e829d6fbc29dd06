import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../utils/backoff.js';

export interface SupervisedProcessOptions {
  name: string;
  spawn: () => ChildProcess;
  /** Asked until it is true, after every start. */
  isReady: (child: ChildProcess) => Promise<boolean>;
  log: (line: string) => void;
  /** It could not be brought up for `giveUpAfterMs`. */
  onGivenUp: () => void;
}

const READY_POLL_MS = 20;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;
/** Long enough for a predecessor that is still writing its last pages to leave the data folder. */
const GIVE_UP_AFTER_MS = 20_000;

/** A child process that is started again whenever it ends unasked. */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(readonly options: SupervisedProcessOptions) {}

  /** Resolves when it is ready for the first time; from then on it is looked after. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = this.#keepRunning(resolve);
    });
  }

  /** Asks it to end and, after a while, makes it. */
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
        log(`${name} does not come up`);
        onGivenUp();
        return;
      }
      await sleep(backoff.next());
    }
  }

  /** Asked anew: it may have changed during a wait. */
  #isStopping(): boolean {
    return this.#stopping;
  }

  /** One life of the process. @returns whether it became ready. */
  async #runOnce(onReady: () => void): Promise<boolean> {
    const child = this.options.spawn();
    this.#child = child;
    const life = { over: false, ready: false };
    const over = new Promise<void>((resolve) => {
      const end = (): void => {
        life.over = true;
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });
    while (!life.over && !life.ready) {
      life.ready = await this.options.isReady(child);
      if (!life.ready) await sleep(READY_POLL_MS);
    }
    if (life.ready) onReady();
    await over;
    return life.ready;
  }
}
