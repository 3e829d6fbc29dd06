import type { Epoch, MetaModel } from '../models/metaModel.js';
import type { Logger } from '../utils/logger.js';

/** What is kept of the database's history outside of the database. */
export interface EpochMemory {
  /** Undefined when nothing is known, or nothing that can be read. */
  read(): Promise<Epoch | undefined>;
  write(epoch: Epoch): Promise<void>;
}

interface EpochWatchParts {
  meta: Pick<MetaModel, 'countLook' | 'renewEpoch'>;
  memory: EpochMemory;
  logger: Logger;
  /** What this process remembers is of another history than the database: it has to start anew. */
  onRestored: () => void;
}

const LOOK_EVERY_MS = 800;
/** What is remembered for the next start may be this many looks old. */
const REMEMBER_EVERY = 10;

/**
 * The name of the database's history (`epoch`), which every cursor carries. Clients reload when it changes: after a
 * restore from a backup they hold places that are not there any more, or are other messages'. A restore ends with
 * `renew-epoch`; where that was forgotten, a server that finds fewer looks counted than it has seen renews it itself.
 */
export class EpochWatch {
  readonly #parts: EpochWatchParts;
  #seen: Epoch | undefined;
  #remembered = 0;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: EpochWatchParts) {
    this.#parts = parts;
  }

  /** As of the last look; empty before the first. */
  get current(): string {
    return this.#seen?.value ?? '';
  }

  /** @throws when the database does not answer. */
  async start(): Promise<void> {
    this.#seen = await this.#parts.memory.read();
    await this.#look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#remember();
  }

  /** Looks now; one look at a time. Never throws: the next look comes. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAgain().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #lookAgain(): Promise<void> {
    try {
      if (!(await this.#look())) return;
      this.#parts.logger.fatal(
        'the database is behind what this server has seen: it was restored under it, and the server ends to start anew',
      );
      this.#parts.onRestored();
    } catch (error) {
      this.#parts.logger.debug({ err: error }, 'the epoch could not be read');
    }
  }

  /** True if the database was found behind what was seen of it. */
  async #look(): Promise<boolean> {
    const { meta, logger } = this.#parts;
    const seen = this.#seen;
    let found = await meta.countLook();
    const isBehind = seen !== undefined && found.pulse <= seen.pulse;
    if (isBehind) {
      logger.warn(
        { found: found.pulse, seen: seen.pulse },
        'the database was restored, its epoch is renewed',
      );
      await meta.renewEpoch({ value: found.value, pulse: seen.pulse });
      found = await meta.countLook();
    }
    this.#seen = found;
    if (isBehind || found.value !== seen?.value || found.pulse - this.#remembered >= REMEMBER_EVERY) {
      await this.#remember();
    }
    return isBehind;
  }

  async #remember(): Promise<void> {
    if (this.#seen === undefined) return;
    try {
      await this.#parts.memory.write(this.#seen);
      this.#remembered = this.#seen.pulse;
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'what was seen of the database could not be noted in DATA_DIR');
    }
  }
}
