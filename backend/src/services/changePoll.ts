import { unavailable } from '../utils/appError.js';
import { monotonicMs } from '../utils/clock.js';
import type { DatabaseTime } from './derived/databaseTime.js';

interface ChangePollParts<Change> {
  time: DatabaseTime;
  /** Everything that changed since a time of the database. */
  find: (since: Date) => Promise<readonly Change[]>;
  learn: (changes: readonly Change[]) => void;
  /** What a caller is told who has to wait for the database. */
  refusal: string;
}

const POLL_MS = 400;
/** What is known may be this old, no older: what changed acts within a second, on every process. */
const FRESH_MS = 900;
/** Changes become visible a little after their time; asking again for these last ms misses none. */
const OVERLAP_MS = 3_000;

/**
 * Keeps what a process knows of something in step with the database, whoever changed it: one query twice a second
 * brings what changed. After a pause of the process nothing known counts until that query has been answered again.
 */
export class ChangePoll<Change> {
  readonly #parts: ChangePollParts<Change>;
  #freshUntilMs = 0;
  #polledThroughMs = 0;
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ChangePollParts<Change>) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#polledThroughMs = this.#parts.time.nowMs();
    await this.#refresh();
    this.#timer = setInterval(() => void this.refresh().catch(() => undefined), POLL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  isFresh(): boolean {
    return monotonicMs() < this.#freshUntilMs;
  }

  /** Asks what changed. @throws AppError `UNAVAILABLE` while the database is away. */
  async refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    try {
      await this.#refreshing;
    } catch (error) {
      throw unavailable(this.#parts.refusal, error);
    }
  }

  /** Asks only when what is known is too old. @throws as `refresh`. */
  async ensureFresh(): Promise<void> {
    if (!this.isFresh()) await this.refresh();
  }

  async #refresh(): Promise<void> {
    const startedMs = monotonicMs();
    const through = this.#parts.time.nowMs();
    this.#parts.learn(await this.#parts.find(new Date(this.#polledThroughMs - OVERLAP_MS)));
    this.#polledThroughMs = through;
    this.#freshUntilMs = startedMs + FRESH_MS;
  }
}
