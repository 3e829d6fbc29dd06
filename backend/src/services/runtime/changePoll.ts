import { withoutReadDeadline } from '../../utils/readDeadline.js';
import { unavailable } from '../../utils/appError.js';
import { monotonicMs } from '../../utils/clock.js';
import type { DatabaseTime } from './databaseTime.js';
import type { Look } from './epochWatch.js';

interface ChangePollDeps<Change> {
  time: DatabaseTime;
  /** Mark that every change increments. */
  markOf: (marks: Look['marks']) => number;
  /** Returns all changes since a database time. */
  find: (since: Date) => Promise<readonly Change[]>;
  learn: (changes: readonly Change[]) => void;
  /** Message of the error when the database does not answer. */
  refusal: string;
}

/** Maximum age of the data in memory, in ms: a change takes effect within a second on all processes. */
const FRESH_MS = 980;
/** Changes are read at least this often, in ms, whatever the mark: somebody may have edited the database by hand. */
const READ_EVERY_MS = 60_000;
/** Each query covers this many ms again: changes become visible a little after their time. */
const OVERLAP_MS = 3_000;

/**
 * Keeps data in memory up to date with the database, whichever process changes it. Every look at the marks shows whether
 * anything has changed; only then a query reads the changes. After the process was paused, the data counts as stale until
 * the query has been answered.
 */
export class ChangePoll<Change> {
  readonly #deps: ChangePollDeps<Change>;
  #freshUntilMs = 0;
  #readAtMs = 0;
  #readThroughMs = 0;
  /** Mark as of which all changes were read. */
  #mark: number | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(deps: ChangePollDeps<Change>) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#readThroughMs = this.#deps.time.nowMs();
    await this.#refresh();
  }

  isFresh(): boolean {
    return monotonicMs() < this.#freshUntilMs;
  }

  /** Handles a look at the marks. Never throws: a query that failed is repeated at the next look. */
  noteLook({ marks, startedMs }: Look): void {
    const mark = this.#deps.markOf(marks);
    if (mark === this.#mark && startedMs - this.#readAtMs < READ_EVERY_MS) {
      this.#freshUntilMs = Math.max(this.#freshUntilMs, startedMs + FRESH_MS);
      return;
    }
    // A query that has begun before this look may have missed the change.
    const earlier = this.#refreshing?.catch(() => undefined);
    void Promise.resolve(earlier)
      .then(() => this.refresh())
      .then(
        () => (this.#mark = mark),
        () => undefined,
      );
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
    this.#deps.learn(await this.#deps.find(new Date(this.#readThroughMs - OVERLAP_MS)));
    this.#readThroughMs = through;
    this.#readAtMs = startedMs;
    this.#freshUntilMs = startedMs + FRESH_MS;
  }
}
