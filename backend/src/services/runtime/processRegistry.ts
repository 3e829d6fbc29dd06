import type { OwnWrites } from '../../models/ownWrites.js';
import { QuietLogs } from './quietLogs.js';
import { v4 as uuid } from 'uuid';
import { firstIdAt } from '../../models/objectIds.js';
import type { ProcessModel, ProcessRecord } from '../../models/processModel.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Lease } from './lease.js';
import type { DatabaseTime } from './databaseTime.js';
import type { Look } from './epochWatch.js';
import type { WriteWatermark } from './writeWatermark.js';

interface RegistryDeps {
  processes: ProcessModel;
  time: DatabaseTime;
  watermark: WriteWatermark;
  ownWrites: OwnWrites;
  logger: Logger;
  /** Returns the smallest id of an entry committed here whose effect is not written yet. */
  oldestPendingId: () => string | undefined;
  /** Derives the pending writes of a dead process again. */
  recover: (flushedThrough: string) => Promise<unknown>;
}

const BEAT_MS = 1_400;
/** A process without others looks for them after this many heartbeats, whatever the mark. */
const LOOK_EVERY_BEATS = 30;
/** A look at the mark counts for this long, in ms. */
const LOOK_COUNTS_MS = 2_000;
/** A process whose heartbeat has not changed for this long counts as dead. If it was paused, it registers again. */
const DEAD_AFTER_MS = 5_000;
/** After this long without a heartbeat a process stops inserting until the next one. Shorter than `DEAD_AFTER_MS`. */
const LEASE_MS = 4_000;

/**
 * Registers this process among the others on the database. Its heartbeat says from which message on writes are pending,
 * and it takes over those of processes that have died. Ages are measured by this process's monotonic clock; no wall
 * clock matters.
 */
export class ProcessRegistry implements Lease {
  readonly id = uuid();
  readonly #deps: RegistryDeps;
  readonly #seen = new Map<string, { beat: number; sinceMs: number }>();
  #hasOthers = false;
  /** Mark as of the last look for other processes. */
  #mark: number | undefined;
  #isLooking = false;
  /** Set while no other process was registered as of the last look at the mark. */
  #alone: { throughMs: number; untilMs: number } | undefined;
  #beat = 0;
  /** False until the other processes have been made to look for this one. */
  #isAnnounced = false;
  #freshUntilMs = 0;
  #beating: Promise<void> | undefined;
  #isTicking = false;
  /** Dead processes that this one is taking over. */
  readonly #takingOver = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  /**
   * Registers, and derives the pending writes of earlier processes again before this one serves users. Processes that
   * are alive are not disturbed.
   *
   * @throws when the database does not answer.
   */
  async start(): Promise<void> {
    const others = await this.#findOthers();
    await this.#writeBeat();
    const oldest = others.map(({ flushedThrough }) => flushedThrough).sort()[0];
    if (oldest !== undefined) await this.#deps.recover(oldest);
    this.#timer = setInterval(() => void this.#tick(), BEAT_MS);
    this.#timer.unref();
  }

  isFresh(): boolean {
    return monotonicMs() < this.#freshUntilMs;
  }

  ensureFresh(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async probe(): Promise<void> {
    this.#beating ??= this.#writeBeat().finally(() => (this.#beating = undefined));
    await this.#beating;
  }

  /** Handles a look at the marks: a new mark says that a process has registered. */
  noteLook({ marks, startedMs }: Look): void {
    if (this.#timer === undefined) return;
    if (marks.processes !== this.#mark) {
      this.#alone = undefined;
      void this.#look(marks.processes);
    } else if (!this.#hasOthers) {
      // A process that registers later writes later.
      const throughMs = this.#deps.time.nowMs() - (monotonicMs() - startedMs);
      this.#alone = { throughMs, untilMs: startedMs + LOOK_COUNTS_MS };
    }
  }

  /**
   * Returns the database time before which all writes of all processes are visible. No cursor may be later. Needs a
   * query only while there are other processes.
   */
  async visibleThrough(): Promise<Date> {
    const own = this.#deps.watermark.visibleThrough();
    if (this.#alone !== undefined && this.isAlone()) {
      return new Date(Math.min(own.getTime(), this.#alone.throughMs));
    }
    const times = (await this.#findOthers()).map(({ visibleThrough }) => visibleThrough.getTime());
    return new Date(Math.min(this.#deps.watermark.visibleThrough().getTime(), ...times));
  }

  /**
   * Returns the smallest id that an entry of a log may have which is not visible yet, or whose process has died and was not
   * taken over. Everything with a smaller id is stored, unless its process was paused or its clock is behind.
   */
  async settledThrough(): Promise<string> {
    const others = await this.#findOthers();
    // Read after the others: an entry that is committed meanwhile has a later id.
    const own = this.#deps.oldestPendingId() ?? firstIdAt(Date.now());
    return others.reduce(
      (oldest, { flushedThrough }) => (flushedThrough < oldest ? flushedThrough : oldest),
      own,
    );
  }

  /** Creates what tells a follower of the logs whether it needs to look. */
  newQuietLogs(): QuietLogs {
    return new QuietLogs({ ownWrites: this.#deps.ownWrites, isAlone: () => this.isAlone() });
  }

  /** True when no other process is registered, as of a look at the marks that still counts. */
  isAlone(): boolean {
    return this.#alone !== undefined && monotonicMs() < this.#alone.untilMs;
  }

  /** True when other processes were registered at the last look: at most a second ago. */
  hasOthers(): boolean {
    return this.#hasOthers;
  }

  /** Unregisters. To be called when no writes are pending. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating?.catch(() => undefined);
    await this.#deps.processes.remove({ _id: this.id });
  }

  async #renew(): Promise<void> {
    const backoff = new Backoff(50, 1_000);
    while (!this.isFresh()) {
      try {
        await this.probe();
      } catch (error) {
        this.#deps.logger.debug({ err: error }, 'heartbeat failed');
        await sleep(backoff.next());
      }
    }
  }

  async #writeBeat(): Promise<void> {
    const startedMs = monotonicMs();
    const wallMs = Date.now();
    const { processes, time, watermark } = this.#deps;
    this.#beat += 1;
    const writing = processes.writeHeartbeat({
      _id: this.id,
      beat: this.#beat,
      // Read before the write: entries committed later have a larger id, or are waiting now and therefore counted.
      flushedThrough: this.#deps.oldestPendingId() ?? firstIdAt(wallMs),
      visibleThrough: watermark.visibleThrough(),
    });
    // A heartbeat that seems to have failed may have registered this process.
    const { at, isNew } = await writing.catch((error: unknown) => {
      this.#isAnnounced = false;
      throw error;
    });
    time.observe(at, startedMs, monotonicMs());
    if (isNew || !this.#isAnnounced) await processes.announce();
    this.#isAnnounced = true;
    this.#freshUntilMs = startedMs + LEASE_MS;
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      await this.probe();
      if (this.#hasOthers || this.#beat % LOOK_EVERY_BEATS === 0) await this.#watchOthers();
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'heartbeat failed');
    } finally {
      this.#isTicking = false;
    }
  }

  async #findOthers(): Promise<ProcessRecord[]> {
    const others = (await this.#deps.processes.findAll()).filter(({ _id }) => _id !== this.id);
    this.#hasOthers = others.length > 0;
    return others;
  }

  /** Looks for other processes; one look at a time. Never throws: a failed look is followed by the next one. */
  async #look(mark: number): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#watchOthers();
      this.#mark = mark;
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'other processes could not be read');
    } finally {
      this.#isLooking = false;
    }
  }

  async #watchOthers(): Promise<void> {
    const others = await this.#findOthers();
    const dead = others.filter((other) => this.#isDead(other));
    for (const id of this.#seen.keys()) if (!others.some(({ _id }) => _id === id)) this.#seen.delete(id);
    const living = new Set(others.filter((other) => !dead.includes(other)).map(({ _id }) => _id));
    for (const other of dead) {
      const isTaken = other.takenOverBy !== undefined && living.has(other.takenOverBy);
      if (!isTaken && !this.#takingOver.has(other._id)) void this.#takeOver(other);
    }
  }

  #isDead(other: ProcessRecord): boolean {
    const seen = this.#seen.get(other._id);
    if (seen?.beat !== other.beat) {
      this.#seen.set(other._id, { beat: other.beat, sinceMs: monotonicMs() });
      return false;
    }
    return monotonicMs() - seen.sinceMs >= DEAD_AFTER_MS;
  }

  /**
   * Derives the pending writes of a dead process. On a busy database that takes longer than a heartbeat: done again by
   * every process at every heartbeat, it would keep the database busy. Never throws; the next tick tries again.
   */
  async #takeOver(dead: ProcessRecord): Promise<void> {
    const { processes, recover, logger } = this.#deps;
    this.#takingOver.add(dead._id);
    try {
      if (!(await processes.takeOver(dead, this.id))) return;
      logger.warn({ process: dead._id }, 'a server process stands still, taking over its summaries');
      await recover(dead.flushedThrough);
      await processes.remove({ _id: dead._id, beat: dead.beat });
      this.#seen.delete(dead._id);
    } catch (error) {
      logger.warn({ err: error, process: dead._id }, 'a process could not be taken over, trying again');
    } finally {
      this.#takingOver.delete(dead._id);
    }
  }
}
