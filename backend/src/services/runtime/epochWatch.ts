import type { Marks } from '../../models/changeMarks.js';
import type { Epoch, MetaModel } from '../../models/metaModel.js';
import { monotonicMs } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';

/** Stores the last known epoch outside of the database. */
export interface EpochMemory {
  /** Returns undefined when nothing is stored, or it cannot be parsed. */
  read(): Promise<Epoch | undefined>;
  write(epoch: Epoch): Promise<void>;
}

/** Marks of changes as of a moment. */
export interface Look {
  marks: Marks;
  /** Monotonic time before the query, in ms: every change acknowledged by then is counted. */
  startedMs: number;
}

interface EpochWatchDeps {
  meta: Pick<MetaModel, 'incrementPulse' | 'renewEpoch'>;
  memory: EpochMemory;
  logger: Logger;
  /**
   * Called when the database was restored: data in the memory of this process is of another history, so it must
   * restart.
   */
  onRestored: () => void;
  /** Called after each look. */
  onLook: (look: Look) => void;
}

const LOOK_EVERY_MS = 850;
/** The stored epoch is updated every so many looks. */
const REMEMBER_EVERY = 10;

/**
 * Watches the epoch, the name of the database's history, which every cursor carries. Clients reload when it changes:
 * after a restore from a backup, positions that they hold do not exist any more, or belong to other messages. A restore
 * ends with `renew-epoch`. If that was forgotten, a server renews the epoch when the database's count of looks
 * (`pulse`) is lower than it has seen. The same document carries the marks of changes, so one command every 850 ms is
 * all that a process asks while nothing happens, besides its heartbeat.
 */
export class EpochWatch {
  readonly #deps: EpochWatchDeps;
  #seen: Epoch | undefined;
  #remembered = 0;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: EpochWatchDeps) {
    this.#deps = deps;
  }

  /** Epoch at the last look; empty before the first one. */
  get current(): string {
    return this.#seen?.value ?? '';
  }

  /** @throws when the database does not answer. */
  async start(): Promise<void> {
    this.#seen = await this.#deps.memory.read();
    await this.#look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#remember();
  }

  /** Looks now; one look at a time. Never throws: a failed look is followed by the next one. */
  look(): Promise<void> {
    this.#looking ??= this.#lookSafely().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #lookSafely(): Promise<void> {
    try {
      if (!(await this.#look())) return;
      this.#deps.logger.fatal(
        'the database is behind what this server has seen: it was restored under it, and the server ends to start anew',
      );
      this.#deps.onRestored();
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'the epoch could not be read');
    }
  }

  /** Counts a look. @returns true if the database is behind an earlier look. */
  async #look(): Promise<boolean> {
    const { meta, logger, onLook } = this.#deps;
    const seen = this.#seen;
    const startedMs = monotonicMs();
    let found = await meta.incrementPulse();
    const isBehind = seen !== undefined && found.pulse <= seen.pulse;
    if (isBehind) {
      logger.warn(
        { found: found.pulse, seen: seen.pulse },
        'the database was restored, its epoch is renewed',
      );
      await meta.renewEpoch({ value: found.value, pulse: seen.pulse });
      found = await meta.incrementPulse();
    }
    this.#seen = { value: found.value, pulse: found.pulse };
    onLook({ marks: found.marks, startedMs });
    if (isBehind || found.value !== seen?.value || found.pulse - this.#remembered >= REMEMBER_EVERY) {
      await this.#remember();
    }
    return isBehind;
  }

  async #remember(): Promise<void> {
    if (this.#seen === undefined) return;
    try {
      await this.#deps.memory.write(this.#seen);
      this.#remembered = this.#seen.pulse;
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'what was seen of the database could not be noted in DATA_DIR');
    }
  }
}
