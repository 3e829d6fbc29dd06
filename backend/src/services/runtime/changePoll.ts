import { withoutReadDeadline } from '../../utils/readDeadline.js';
import { unavailable } from '../../utils/appError.js';
import { monotonicMs } from '../../utils/clock.js';
import type { DatabaseTime } from './databaseTime.js';

interface ChangePollDeps<Change> {
  time: DatabaseTime;
  /** Returns all changes since a database time. */
  find: (since: Date) => Promise<readonly Change[]>;
  learn: (changes: readonly Change[]) => void;
  /** Message of the error when the database does not answer. */
  refusal: string;
}

const POLL_MS = 800;
/** Maximum age of the data in memory, in ms: a change takes effect within a second on all processes. */
const FRESH_MS = 900;
/** Each query covers this many ms again: changes become visible a little after their time. */
const OVERLAP_MS = 3_000;

/**
 * Keeps data in memory up to date with the database, whichever process changes it, by one query every 800 ms. After
 * the process was paused, the data counts as stale until the query has been answered again.
 */
export class ChangePoll<Change> {
  readonly #deps: ChangePollDeps<Change>;
  #freshUntilMs = 0;
  #polledThroughMs = 0;
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ChangePollDeps<Change>) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#polledThroughMs = this.#deps.time.nowMs();
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

  /** Reads the changes. @throws AppError `UNAVAILABLE` while the database does not answer. */
  async refresh(): Promise<void> {
    this.#refreshing ??= withoutReadDeadline(() =>
      this.#refresh().finally(() => (this.#refreshing = undefined)),
    );
    try {
      await this.#refreshing;
    } catch (error) {
      throw unavailable(this.#deps.refusal, error);
    }
  }

  /** Reads the changes if the data is stale. @throws as `refresh`. */
  async ensureFresh(): Promise<void> {
    if (!this.isFresh()) await this.refresh();
  }

  async #refresh(): Promise<void> {
    const startedMs = monotonicMs();
    const through = this.#deps.time.nowMs();
    this.#deps.learn(await this.#deps.find(new Date(this.#polledThroughMs - OVERLAP_MS)));
    this.#polledThroughMs = through;
    this.#freshUntilMs = startedMs + FRESH_MS;
  }
}
