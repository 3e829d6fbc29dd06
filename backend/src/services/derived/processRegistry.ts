import { v4 as uuid } from 'uuid';
import { firstIdAt } from '../../models/objectIds.js';
import type { ProcessModel, ProcessRecord } from '../../models/processModel.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Lease } from '../commitLog/parts.js';
import type { DatabaseTime } from './databaseTime.js';
import type { WriteWatermark } from './writeWatermark.js';

interface RegistryParts {
  processes: ProcessModel;
  time: DatabaseTime;
  watermark: WriteWatermark;
  logger: Logger;
  /** The smallest id of a message of this process that is not summarised yet. */
  oldestPendingId: () => string | undefined;
  /** Derives again what a dead process owed. */
  recover: (flushedThrough: string) => Promise<unknown>;
}

const BEAT_MS = 1_000;
/** A heartbeat that stands still for this long is a dead process's (or one paused: it will register again). */
const DEAD_AFTER_MS = 5_000;
/** A process that could not beat for this long stops inserting until it has: before others count it as dead. */
const LEASE_MS = 4_000;

/**
 * This process among the others on the database: its heartbeat, which says what it still owes the summaries, and its
 * watch over theirs. Ages are measured by the own monotonic clock; nobody's wall clock matters.
 */
export class ProcessRegistry implements Lease {
  readonly id = uuid();
  readonly #parts: RegistryParts;
  readonly #seen = new Map<string, { beat: number; sinceMs: number }>();
  #beat = 0;
  #freshUntilMs = 0;
  #beating: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /**
   * Registers, and derives again what earlier processes owed, before this one serves anybody.
   * Those that live are not disturbed by it.
   *
   * @throws when the database does not answer.
   */
  async start(): Promise<void> {
    const others = await this.#parts.processes.findAll();
    await this.#writeBeat();
    const oldest = others.map(({ flushedThrough }) => flushedThrough).sort()[0];
    if (oldest !== undefined) await this.#parts.recover(oldest);
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

  /** Database time before which every write of every process is visible: no cursor may be later. */
  async visibleThrough(): Promise<Date> {
    const all = await this.#parts.processes.findAll();
    const times = all
      .filter(({ _id }) => _id !== this.id)
      .map(({ visibleThrough }) => visibleThrough.getTime());
    return new Date(Math.min(this.#parts.watermark.visibleThrough().getTime(), ...times));
  }

  /** Leaves: nothing is owed any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating?.catch(() => undefined);
    await this.#parts.processes.remove({ _id: this.id });
  }

  async #renew(): Promise<void> {
    const backoff = new Backoff(50, 1_000);
    while (!this.isFresh()) {
      try {
        await this.probe();
      } catch (error) {
        this.#parts.logger.debug({ err: error }, 'heartbeat failed');
        await sleep(backoff.next());
      }
    }
  }

  async #writeBeat(): Promise<void> {
    const startedMs = monotonicMs();
    const askedMs = Date.now();
    this.#beat += 1;
    const at = await this.#parts.processes.beat({
      _id: this.id,
      beat: this.#beat,
      // Read before the write: what is committed after it has a larger id, or is still waiting and so counted.
      flushedThrough: this.#parts.oldestPendingId() ?? firstIdAt(askedMs),
      visibleThrough: this.#parts.watermark.visibleThrough(),
    });
    this.#parts.time.observe(at, askedMs, Date.now());
    this.#freshUntilMs = startedMs + LEASE_MS;
  }

  async #tick(): Promise<void> {
    try {
      await this.probe();
      await this.#watchOthers();
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'heartbeat failed');
    }
  }

  async #watchOthers(): Promise<void> {
    const others = (await this.#parts.processes.findAll()).filter(({ _id }) => _id !== this.id);
    const dead = others.filter((other) => this.#standsStill(other));
    for (const id of this.#seen.keys()) if (!others.some(({ _id }) => _id === id)) this.#seen.delete(id);
    await Promise.all(dead.map((other) => this.#takeOver(other)));
  }

  #standsStill(other: ProcessRecord): boolean {
    const seen = this.#seen.get(other._id);
    if (seen?.beat !== other.beat) {
      this.#seen.set(other._id, { beat: other.beat, sinceMs: monotonicMs() });
      return false;
    }
    return monotonicMs() - seen.sinceMs >= DEAD_AFTER_MS;
  }

  async #takeOver(dead: ProcessRecord): Promise<void> {
    this.#parts.logger.warn(
      { process: dead._id },
      'a server process stands still, taking over its summaries',
    );
    await this.#parts.recover(dead.flushedThrough);
    await this.#parts.processes.remove({ _id: dead._id, beat: dead.beat });
    this.#seen.delete(dead._id);
  }
}
