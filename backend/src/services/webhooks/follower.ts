import type { WebhookEventName } from '../../../../contract/index.js';
import type { BlockModel } from '../../models/blockModel.js';
import type { FollowedLogs } from '../../models/followedLogs.js';
import { firstIdAt, idAfter, isCopyOf, timeOfId } from '../../models/objectIds.js';
import type { FollowedLog, LogProgress, WebhookCursor } from '../../models/webhookModel.js';
import type { WebhookSubject } from '../../models/webhookRetryModel.js';
import { monotonicMs } from '../../utils/clock.js';
import { LOGS_OF, toBlockSubject, type ReadEntry } from './subjects.js';

interface FollowerDeps {
  followedLogs: FollowedLogs;
  blocks: Pick<BlockModel, 'findChangedSince'>;
  /** Everything with a smaller id is stored. */
  settledThrough: () => Promise<string>;
  /** Database time before which every write is visible. */
  safeNow: () => Promise<Date>;
}

/** Entries that were read, and the cursor after them. */
export interface Batch {
  entries: ReadEntry[];
  blocks: WebhookSubject[];
  cursor: WebhookCursor;
  /** True when more may be waiting. */
  isFull: boolean;
}

/** Entries of one log that are read at a time. */
const PAGE = 500;
const MS_PER_MINUTE = 60_000;
/** Entries that become visible this much later than their ids say are still found, in minutes. */
const LATE_MINUTES = 10;
/** Pause between two searches for late entries, in ms. */
const LATE_EVERY_MS = 15_000;
/** Blocks are read again for this long, in ms: a block that is lifted at once has one document. */
const BLOCK_OVERLAP_MS = 5_000;

/** Messages first: changes are not read further than the messages they apply to. */
const LOGS = ['messages', 'changes', 'conversations', 'reports'] as const satisfies readonly FollowedLog[];

export const isEmpty = ({ entries, blocks }: Batch): boolean => entries.length + blocks.length === 0;

const minuteOf = (id: string): number => Math.floor(timeOfId(id) / MS_PER_MINUTE);

/** Returns the cursor of a webhook that begins at a time. */
export function cursorAt(at: Date): WebhookCursor {
  const startId = firstIdAt(at.getTime());
  const begin = (): LogProgress => ({ id: startId, counts: {} });
  return {
    startId,
    logs: { messages: begin(), changes: begin(), conversations: begin(), reports: begin() },
    blocksAt: at,
  };
}

/** Returns the time before which everything was read. */
export const timeOfCursor = ({ logs }: WebhookCursor): number =>
  Math.min(...Object.values(logs).map(({ id }) => timeOfId(id)));

function counted({ id, counts }: LogProgress, ids: readonly string[]): LogProgress {
  const next: Record<string, number> = {};
  const oldest = minuteOf(id) - LATE_MINUTES;
  for (const [minute, count] of Object.entries(counts)) if (Number(minute) >= oldest) next[minute] = count;
  for (const one of ids) next[minuteOf(one)] = (next[minuteOf(one)] ?? 0) + 1;
  return { id, counts: next };
}

/**
 * Reads what was stored since a cursor, over all conversations, in the order of ids. Ids are made when an entry is queued, so
 * it reads up to the oldest id that is still under way in any process. A process that was paused, or whose clock is behind,
 * stores entries with earlier ids: they are found by comparing the number of entries of each of the last minutes with the
 * number that was read.
 */
export class LogFollower {
  readonly #deps: FollowerDeps;
  #lateAtMs = monotonicMs() + LATE_EVERY_MS * Math.random();

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /** @throws when the database does not answer. */
  async read(cursor: WebhookCursor, events: readonly WebhookEventName[]): Promise<Batch> {
    const wanted = new Set(events.flatMap((event) => LOGS_OF[event]));
    const [settled, safeNow] = await Promise.all([this.#deps.settledThrough(), this.#deps.safeNow()]);
    const batch: Batch = {
      entries: [],
      blocks: [],
      cursor: { ...cursor, logs: { ...cursor.logs } },
      isFull: false,
    };
    let toId = settled;
    for (const log of LOGS) {
      const isCut = await this.#readLog(batch, { log, toId, isWanted: wanted.has(log) });
      if (isCut && log === 'messages') toId = batch.cursor.logs.messages.id;
    }
    if (monotonicMs() >= this.#lateAtMs) {
      for (const log of LOGS) if (wanted.has(log)) await this.#readLate(batch, log);
      this.#lateAtMs = monotonicMs() + LATE_EVERY_MS;
    }
    if (wanted.has('blocks')) batch.blocks = await this.#readBlocks(cursor.blocksAt);
    if (safeNow > cursor.blocksAt) batch.cursor.blocksAt = safeNow;
    return batch;
  }

  /** @returns true when there may be more before `toId`. */
  async #readLog(
    batch: Batch,
    { log, toId, isWanted }: { log: FollowedLog; toId: string; isWanted: boolean },
  ): Promise<boolean> {
    const progress = batch.cursor.logs[log];
    if (toId <= progress.id) return false;
    const found = isWanted
      ? await this.#deps.followedLogs.find(log, { fromId: progress.id, toId }, PAGE)
      : [];
    const last = found.at(-1)?._id;
    const isCut = found.length === PAGE && last !== undefined;
    batch.cursor.logs[log] = counted(
      { ...progress, id: isCut ? idAfter(last) : toId },
      found.map(({ _id }) => _id),
    );
    batch.isFull ||= isCut;
    batch.entries.push(...found.filter(isEvent).map((entry) => ({ ...entry, log })));
    return isCut;
  }

  async #readLate(batch: Batch, log: FollowedLog): Promise<void> {
    const progress = batch.cursor.logs[log];
    const end = minuteOf(progress.id);
    const startMinute = Math.max(end - LATE_MINUTES + 1, minuteOf(batch.cursor.startId));
    const rangeOf = (minute: number, minutes = 1) => ({
      fromId: later(firstIdAt(minute * MS_PER_MINUTE), batch.cursor.startId),
      toId: earlier(firstIdAt((minute + minutes) * MS_PER_MINUTE), progress.id),
    });
    const readOf = (minute: number): number => progress.counts[minute] ?? 0;
    const minutes = Array.from({ length: end - startMinute + 1 }, (_, index) => startMinute + index);
    const total = await this.#deps.followedLogs.count(log, rangeOf(startMinute, LATE_MINUTES + 1));
    if (total <= minutes.reduce((sum, minute) => sum + readOf(minute), 0)) return;
    for (const minute of minutes) {
      const range = rangeOf(minute);
      const count = await this.#deps.followedLogs.count(log, range);
      if (count <= readOf(minute)) continue;
      const found = await this.#deps.followedLogs.find(log, range, count);
      batch.entries.push(...found.filter(isEvent).map((entry) => ({ ...entry, log })));
      progress.counts[minute] = found.length;
    }
  }

  async #readBlocks(since: Date): Promise<WebhookSubject[]> {
    const from = new Date(since.getTime() - BLOCK_OVERLAP_MS);
    const changed = await this.#deps.blocks.findChangedSince(from);
    return changed.filter(({ at }) => at >= from).map(toBlockSubject);
  }
}

const later = (a: string, b: string): string => (a > b ? a : b);
const earlier = (a: string, b: string): string => (a < b ? a : b);

const isEvent = ({ _id, at }: { _id: string; at?: Date }): boolean => at === undefined || !isCopyOf(_id, at);
