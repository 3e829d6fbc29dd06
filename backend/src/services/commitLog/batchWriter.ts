import type { InsertResult } from '../../models/insertMany.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { wasNeverSent } from '../../models/unavailable.js';
import { Backoff } from '../../utils/backoff.js';
import { AppError, conflict } from '../../utils/appError.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import { groupByLane, placeEntries, type Batch, type Placed, type Slot } from './batch.js';
import type { Committed, Entry } from './entry.js';
import type { Lane } from './lane.js';
import { nobodyIn } from '../membership/membership.js';
import { Sealed } from '../membership/rules.js';
import type { CommitLogParts } from './parts.js';
import { authoriseSlots, loadLanes, reloadLanes } from './prepare.js';
import { applyControl } from './applyControl.js';

interface LaneEvents {
  settled: (entry: Entry) => void;
  released: (lane: Lane) => void;
}

/**
 * An entry that fails this often by itself, while the database takes other writes, is given up: often enough that a
 * network which drops a connection now and then is not taken for a bad message.
 */
const MAX_FAILURES_ALONE = 3;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

/** So often the word of another process is enough to know why a place was taken. */
const MAX_OUTRUN = 3;

/** Whether another process has said that it took this place: then nothing has to be asked, the next one is tried. */
function wasOutrun(lane: Lane, { entry, record }: Placed): boolean {
  if (lane.heardSeq < record.seq || entry.outrun >= MAX_OUTRUN) return false;
  entry.outrun += 1;
  return true;
}

/** Brings a batch to an end: every entry of it is stored, answered, or back in its lane. */
export class BatchWriter {
  constructor(
    readonly parts: CommitLogParts,
    readonly events: LaneEvents,
  ) {}

  async write(batch: Batch): Promise<void> {
    const lanes = batch.slots.map((slot) => slot.lane);
    let placed: Placed[] | undefined;
    try {
      await this.parts.safety.ensureFresh();
      await loadLanes(this.parts, batch.slots);
      const slots = await this.#authorise(batch.slots);
      // Last of all: what came before may have taken so long that another process has taken over.
      if (!this.parts.lease.isFresh()) await this.parts.lease.ensureFresh();
      placed = placeEntries(slots, (userId) => this.parts.safety.isRestricted(userId));
      const results = await this.#insert(placed, batch.ordered);
      await this.#settle(placed, results, batch.alone);
    } catch (error) {
      this.parts.metrics.commitFailures.inc();
      this.parts.logger.warn({ err: error, messages: placed?.length ?? 0 }, 'a batch failed, resolving it');
      await this.#recover(batch, { placed, cause: error });
    } finally {
      for (const lane of lanes) this.events.released(lane);
    }
  }

  async #insert(placed: readonly Placed[], ordered: boolean): Promise<InsertResult[]> {
    if (placed.length === 0) return [];
    const startedMs = monotonicMs();
    const results = await this.parts.messages.insert(
      placed.map(({ record }) => record),
      { ordered },
    );
    this.parts.metrics.commitBatchSize.observe(placed.length);
    this.parts.metrics.commitSeconds.observe((monotonicMs() - startedMs) / 1_000);
    return results;
  }

  /**
   * Takes out whoever may not write; a repeat of something stored is answered all the same. Nobody is refused by what is
   * remembered alone: who was let in a moment ago, on another process, may write.
   */
  async #authorise(slots: readonly Slot[]): Promise<Slot[]> {
    const { safety } = this.parts;
    const first = authoriseSlots(slots, safety);
    if (first.refused.length === 0) return first.allowed;
    if (first.refused.some(({ error }) => error instanceof AppError && error.code === 'BLOCKED')) {
      await safety.refresh();
    }
    const doubted = new Set(first.refused.map(({ lane }) => lane));
    await reloadLanes(
      this.parts,
      slots.filter(({ lane }) => doubted.has(lane)),
    );
    const { allowed, refused } = authoriseSlots(slots, safety);
    await Promise.all(
      refused.map(async ({ lane, entry, error }) => {
        // What a sealed log held has gone on: there it is found.
        const isElsewhere = error instanceof Sealed;
        const message = isElsewhere ? undefined : (await this.#findStored(lane, [entry])).get(entry.key);
        if (message === undefined) this.#reject(entry, error);
        else await this.#answerStored(lane, entry, message);
      }),
    );
    return allowed;
  }

  /** The outcome of each message is known: answer what was stored, resolve the others per conversation. */
  async #settle(placed: readonly Placed[], results: readonly InsertResult[], alone: boolean): Promise<void> {
    this.#commit(placed.filter((_, index) => results[index]?.outcome === 'stored'));
    const open = placed
      .map((one, index) => ({ ...one, result: results[index] }))
      .filter(({ result }) => result?.outcome !== 'stored');
    await Promise.all(
      [...groupByLane(open)].map(async ([lane, group]) => {
        const duplicates = group.filter(({ result }) => result?.outcome === 'duplicate');
        if (duplicates.length > 0) await this.#resolveDuplicates(lane, duplicates);
        for (const { entry, result } of group) {
          if (result?.outcome === 'failed') this.#noteFailure(entry, alone, result.error);
        }
        lane.putBack(group.map(({ entry }) => entry).filter((entry) => lane.holds(entry)));
      }),
    );
  }

  /**
   * Met a unique index: either the message is stored already (sent before, or by an attempt of ours whose answer was
   * lost), or another process took the place; then the tail is read again and the entry goes on.
   */
  async #resolveDuplicates(lane: Lane, met: readonly Placed[]): Promise<void> {
    const duplicates = met.filter((placed) => !wasOutrun(lane, placed));
    this.parts.metrics.commitRaces.inc(met.length - duplicates.length);
    // What was heard of, and could not be taken over while the batch was under way.
    if ((lane.tail?.seq ?? 0) < lane.heardSeq) lane.tail = undefined;
    if (duplicates.length === 0) return;
    const stored = await this.#findStored(
      lane,
      duplicates.map(({ entry }) => entry),
    );
    const lost = duplicates.filter(({ entry }) => !stored.has(entry.key));
    for (const { entry } of duplicates) {
      const message = stored.get(entry.key);
      if (message !== undefined) await this.#answerStored(lane, entry, message);
    }
    if (lost.length === 0) return;
    const tail = await this.parts.messages.findTail(lane.conversationId, lane.knownSeq);
    lane.tail = tail;
    this.parts.metrics.commitRaces.inc(lost.length);
    for (const { entry, record } of lost) {
      // Neither stored nor outrun: some other index refuses it, and would for ever.
      if ((tail?.seq ?? 0) < record.seq) this.#noteFailure(entry, true);
    }
  }

  /** Whole batch failed and its outcome is unknown: wait for the database, ask what is stored, try the rest alone. */
  async #recover(
    batch: Batch,
    { placed, cause }: { placed: readonly Placed[] | undefined; cause: unknown },
  ): Promise<void> {
    const mayBeToBlame = batch.alone && !wasNeverSent(cause);
    const open = batch.slots.flatMap(({ lane, entries }) =>
      entries.filter((entry) => lane.holds(entry)).map((entry) => ({ lane, entry })),
    );
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.parts.lease.probe();
        const stored = new Map(
          (await this.parts.messages.findByIds(open.map(({ entry }) => entry._id))).map((one) => [
            one._id,
            one,
          ]),
        );
        const tried = new Set(placed?.map(({ entry }) => entry));
        for (const { lane, entry } of open) {
          const message = stored.get(entry._id);
          // What has moved since is found where it is now, by its client id.
          const isHere = message !== undefined && message.moved !== true;
          if (isHere) await this.#answerStored(lane, entry, message);
          else if (tried.has(entry)) this.#noteFailure(entry, mayBeToBlame && attempt === 0, cause);
        }
        break;
      } catch (error) {
        this.parts.logger.debug({ err: error }, 'the database is still away');
        await sleep(backoff.next());
      }
    }
    for (const { lane, entries } of batch.slots) {
      lane.tail = undefined;
      const waiting = new Set(lane.waiting);
      lane.putBack(entries.filter((entry) => lane.holds(entry) && !waiting.has(entry)));
    }
  }

  /** From now on it goes alone; given up when it failed so too often while other writes succeeded. */
  #noteFailure(entry: Entry, countsAlone: boolean, cause?: unknown): void {
    entry.alone = true;
    if (!countsAlone) return;
    entry.failures += 1;
    if (entry.failures < MAX_FAILURES_ALONE) return;
    this.parts.logger.error(
      { conversationId: entry.draft.conversationId, cause },
      'a message cannot be stored',
    );
    this.#reject(entry, new AppError('INTERNAL', 'This message cannot be stored.', { cause }));
  }

  async #findStored(lane: Lane, entries: readonly Entry[]): Promise<Map<string, MessageRecord>> {
    const found = await this.parts.messages.findByClientIds(
      lane.conversationId,
      entries.map(({ draft }) => draft),
    );
    return new Map(found.map((message) => [`${message.clientMessageId}\u0000${message.senderId}`, message]));
  }

  #commit(placed: readonly Placed[]): void {
    if (placed.length === 0) return;
    const committed = placed.map(({ lane, entry, record }): Committed => {
      lane.noteStored(record);
      applyControl(this.parts, lane, record);
      return this.#committed(lane, entry, { message: record, duplicate: false });
    });
    this.parts.onCommitted(committed);
    placed.forEach(({ entry }, index) => {
      const answer = committed[index];
      this.events.settled(entry);
      if (answer !== undefined) entry.resolve(answer);
    });
  }

  /** Stored already: by this very entry (an answer was lost on the way), or by an earlier send of the same. */
  async #answerStored(lane: Lane, entry: Entry, message: MessageRecord): Promise<void> {
    lane.noteStored(message);
    // Who hears of it are the members as of its place, which other processes may have changed since this lane was loaded.
    if ((lane.membership?.control ?? 0) < message.control) {
      lane.membership = await this.parts.memberships.current(lane.conversationId);
    }
    const own = message._id === entry._id;
    if (!own && message.payloadHash !== entry.draft.payloadHash) {
      this.#reject(entry, conflict());
      return;
    }
    if (!own) this.parts.metrics.repeatedSends.inc();
    const committed = this.#committed(lane, entry, { message, duplicate: !own });
    this.parts.onCommitted([committed]);
    this.events.settled(entry);
    entry.resolve(committed);
  }

  #committed(lane: Lane, entry: Entry, what: Pick<Committed, 'message' | 'duplicate'>): Committed {
    return {
      ...what,
      membership: lane.membership ?? nobodyIn(lane.conversationId),
      originSocketId: entry.abandoned ? undefined : entry.draft.originSocketId,
    };
  }

  #reject(entry: Entry, error: Error): void {
    this.events.settled(entry);
    entry.reject(error);
  }
}
