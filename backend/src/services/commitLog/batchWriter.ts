import type { InsertResult } from '../../models/insertMany.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { wasNeverSent } from '../../models/unavailable.js';
import { AppError, conflict } from '../../utils/appError.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import { groupBy } from '../../utils/groupBy.js';
import { emptyMembership, Sealed } from '../membership/index.js';
import { applyMembershipEvent } from './applyMembershipEvent.js';
import { assignSeqs, type Batch, type Outcome, type Sequenced, type Slot } from './batch.js';
import type { CommitLogDeps } from './deps.js';
import { isRepeat, type Entry } from './entry.js';
import type { LogView } from './logView.js';
import { authoriseSlots, loadLogs, marksOf, markUnseen, reloadLogs, type Refused } from './prepare.js';

/**
 * An entry is refused after failing this often as a batch of one while the database accepted other writes. The number
 * is high enough that occasional connection errors do not cause a refusal.
 */
const MAX_FAILURES_ALONE = 3;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

/**
 * Number of lost races that an entry attributes to announcements of other processes, before the log is read instead.
 */
const MAX_LOST_RACES = 3;

/**
 * True when another process has announced that it took this `seq`: the next one can be tried without a query. Counts
 * the lost race in `entry.lostRaces`.
 */
function noteAnnouncedRace({ log, entry, record }: Sequenced): boolean {
  if (log.remoteSeq < record.seq || entry.lostRaces >= MAX_LOST_RACES) return false;
  entry.lostRaces += 1;
  return true;
}

/**
 * Writes batches and returns the outcome of each entry. It updates the `LogView` of each conversation. The commit log
 * manages queues and answers.
 */
export class BatchWriter {
  readonly #deps: CommitLogDeps;

  constructor(deps: CommitLogDeps) {
    this.#deps = deps;
  }

  /**
   * Writes a batch. Yields outcomes as soon as they are known, exactly one per entry: those of the insert come before
   * those that need further queries. Never throws: while the database is unreachable, it waits.
   */
  async *write(batch: Batch): AsyncGenerator<Outcome[]> {
    const open = new Set(batch.slots.flatMap(({ entries }) => entries));
    for await (const outcomes of this.#attempt(batch, open)) {
      for (const { entry } of outcomes) open.delete(entry);
      yield outcomes;
    }
    if (open.size > 0) yield [...open].map((entry) => ({ kind: 'retry', entry }));
  }

  async *#attempt(batch: Batch, open: ReadonlySet<Entry>): AsyncGenerator<Outcome[]> {
    const { safety, lease, metrics, logger } = this.#deps;
    let sequenced: Sequenced[] | undefined;
    try {
      await safety.ensureFresh();
      await loadLogs(this.#deps, batch.slots);
      const { allowed, outcomes } = await this.#authorise(batch.slots);
      if (outcomes.length > 0) yield outcomes;
      // Checked last: the lease may have expired during the steps above, and another process may have taken over.
      if (!lease.isFresh()) await lease.ensureFresh();
      sequenced = assignSeqs(allowed, (senderId, membership) => marksOf(safety, senderId, membership));
      const results = await this.#insert(sequenced, batch.ordered);
      yield* this.#resolve(sequenced, results, batch.alone);
    } catch (error) {
      metrics.commitFailures.inc();
      logger.warn({ err: error, messages: sequenced?.length ?? 0 }, 'a batch failed, resolving it');
      yield* this.#recover(batch, { sequenced: sequenced ?? [], open, cause: error });
    }
  }

  async #insert(sequenced: readonly Sequenced[], ordered: boolean): Promise<InsertResult[]> {
    if (sequenced.length === 0) return [];
    const { messages, memberships, metrics } = this.#deps;
    const startedMs = monotonicMs();
    const results = await messages.insert(
      sequenced.map(({ record }) => record),
      { ordered },
    );
    metrics.commitBatchSize.observe(sequenced.length);
    metrics.commitSeconds.observe((monotonicMs() - startedMs) / 1_000);
    for (const [index, { log, record }] of sequenced.entries()) {
      // An entry gets its `seq` only if its writer knew every membership event before it.
      if (results[index]?.outcome === 'stored') {
        memberships.confirm(log.conversationId, record.control, startedMs);
      }
    }
    return results;
  }

  /**
   * Returns the entries that may be written, and the outcomes of the others. A repeat of a stored message is answered
   * with that message, even if its sender may not write any more. Before an entry is refused, its log is read again,
   * because another process may just have added the sender.
   */
  async #authorise(slots: readonly Slot[]): Promise<{ allowed: Slot[]; outcomes: Outcome[] }> {
    const { safety } = this.#deps;
    for (const { entries } of slots) for (const entry of entries) entry.isUnseen = false;
    const first = authoriseSlots(slots, safety);
    if (first.refused.length === 0) return { allowed: first.allowed, outcomes: [] };
    const blocked = first.refused.filter(
      ({ error }) => error instanceof AppError && error.code === 'BLOCKED',
    );
    if (blocked.length > 0) {
      await safety.refresh();
      await markUnseen(
        safety,
        blocked.map(({ entry }) => entry),
      );
    }
    const outdated = new Set(first.refused.map(({ log }) => log));
    await reloadLogs(
      this.#deps,
      slots.filter(({ log }) => outdated.has(log)),
    );
    const { allowed, refused } = authoriseSlots(slots, safety);
    return { allowed, outcomes: await Promise.all(refused.map((one) => this.#refuse(one))) };
  }

  async #refuse({ log, entry, error }: Refused): Promise<Outcome> {
    // Messages of a sealed log were moved: repeats are found in its successor.
    const isMoved = error instanceof Sealed;
    const message = isMoved ? undefined : (await this.#findStored(log, [entry])).get(entry.key);
    return message === undefined
      ? { kind: 'refused', entry, error }
      : this.#outcomeOfStored(log, entry, message);
  }

  /** Turns the results of an insert into outcomes. Entries without one go back to their lanes. */
  async *#resolve(
    sequenced: readonly Sequenced[],
    results: readonly InsertResult[],
    alone: boolean,
  ): AsyncGenerator<Outcome[]> {
    const withResults = sequenced.map((one, index) => ({ ...one, result: results[index] }));
    const stored = withResults.filter(({ result }) => result?.outcome === 'stored');
    if (stored.length > 0) yield stored.map((one) => this.#outcomeOfInsert(one));
    const others = withResults.filter(({ result }) => result?.outcome !== 'stored');
    const outcomes = await Promise.all(
      [...groupBy(others, ({ log }) => log)].map(async ([log, group]) => {
        const duplicates = group.filter(({ result }) => result?.outcome === 'duplicate');
        const resolved = duplicates.length === 0 ? [] : await this.#resolveDuplicates(log, duplicates);
        const failed = group.flatMap(({ entry, result }) =>
          result?.outcome === 'failed' ? this.#noteFailure(entry, alone, result.error) : [],
        );
        return [...resolved, ...failed];
      }),
    );
    if (outcomes.flat().length > 0) yield outcomes.flat();
  }

  /**
   * Resolves entries that were refused by a unique index. Either the message is already stored (by an earlier send,
   * or by an attempt whose answer was lost), or another process took the `seq`: then the tail is read again and the
   * entry is retried.
   */
  async #resolveDuplicates(log: LogView, conflicts: readonly Sequenced[]): Promise<Outcome[]> {
    const { metrics, messages } = this.#deps;
    const duplicates = conflicts.filter((one) => !noteAnnouncedRace(one));
    metrics.commitRaces.inc(conflicts.length - duplicates.length);
    // Announcements received while the batch was in flight did not update the tail.
    if ((log.tail?.seq ?? 0) < log.remoteSeq) log.tail = undefined;
    if (duplicates.length === 0) return [];
    const stored = await this.#findStored(
      log,
      duplicates.map(({ entry }) => entry),
    );
    const outcomes: Outcome[] = [];
    for (const { entry } of duplicates) {
      const message = stored.get(entry.key);
      if (message !== undefined) outcomes.push(await this.#outcomeOfStored(log, entry, message));
    }
    const lost = duplicates.filter(({ entry }) => !stored.has(entry.key));
    if (lost.length === 0) return outcomes;
    const tail = await messages.findTail(log.conversationId, log.knownSeq);
    log.tail = tail;
    metrics.commitRaces.inc(lost.length);
    // Neither stored nor overtaken: another unique index refuses the entry, so retries would fail, too.
    const unstorable = lost.filter(({ record }) => (tail?.seq ?? 0) < record.seq);
    return [...outcomes, ...unstorable.flatMap(({ entry }) => this.#noteFailure(entry, true))];
  }

  /**
   * Resolves a batch that failed as a whole, with an unknown outcome. Waits for the database and reads which of its
   * messages are stored. The others are retried, each in a batch of its own.
   */
  async *#recover(
    { slots, alone }: Batch,
    { sequenced, open, cause }: { sequenced: readonly Sequenced[]; open: ReadonlySet<Entry>; cause: unknown },
  ): AsyncGenerator<Outcome[]> {
    let countsAlone = alone && !wasNeverSent(cause);
    const tried = new Set(sequenced.map(({ entry }) => entry));
    const unresolved = slots.flatMap(({ log, entries }) =>
      entries.filter((entry) => open.has(entry)).map((entry) => ({ log, entry })),
    );
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    for (;;) {
      try {
        await this.#deps.lease.probe();
        const found = await this.#deps.messages.findByIds(unresolved.map(({ entry }) => entry._id));
        const stored = new Map(found.map((message) => [message._id, message]));
        const outcomes: Outcome[] = [];
        for (const { log, entry } of unresolved) {
          const message = stored.get(entry._id);
          // A message that was moved since is found in the successor conversation, by its client id.
          const isHere = message !== undefined && message.moved !== true;
          if (isHere) outcomes.push(await this.#outcomeOfStored(log, entry, message));
          else if (tried.has(entry)) outcomes.push(...this.#noteFailure(entry, countsAlone, cause));
        }
        for (const { log } of slots) log.tail = undefined;
        if (outcomes.length > 0) yield outcomes;
        return;
      } catch (error) {
        countsAlone = false;
        this.#deps.logger.debug({ err: error }, 'the database is still unreachable');
        await sleep(backoff.next());
      }
    }
  }

  /**
   * Makes the entry's next attempts batches of one. Returns a refusal when it has failed `MAX_FAILURES_ALONE` times
   * alone, which shows that the entry itself is the cause.
   */
  #noteFailure(entry: Entry, countsAlone: boolean, cause?: unknown): Outcome[] {
    entry.alone = true;
    if (!countsAlone) return [];
    entry.failures += 1;
    if (entry.failures < MAX_FAILURES_ALONE) return [];
    const { conversationId } = entry.draft;
    this.#deps.logger.error({ conversationId, cause }, 'a message cannot be stored');
    const error = new AppError('INTERNAL', 'This message cannot be stored.', { cause });
    return [{ kind: 'refused', entry, error }];
  }

  async #findStored(log: LogView, entries: readonly Entry[]): Promise<Map<string, MessageRecord>> {
    const found = await this.#deps.messages.findByClientIds(
      log.conversationId,
      entries.map(({ draft }) => draft),
    );
    return new Map(found.map((message) => [`${message.clientMessageId}\u0000${message.senderId}`, message]));
  }

  #outcomeOfInsert({ log, entry, record }: Sequenced): Outcome {
    log.noteStored(record);
    applyMembershipEvent(this.#deps, log, record);
    return { kind: 'stored', entry, message: record, membership: membershipOf(log) };
  }

  /**
   * Returns the outcome of an entry whose message is stored: by an attempt whose answer was lost, or by an earlier
   * send.
   */
  async #outcomeOfStored(log: LogView, entry: Entry, message: MessageRecord): Promise<Outcome> {
    log.noteStored(message);
    // Recipients are the members as of its `seq`, which other processes may have changed since this log was loaded.
    if ((log.membership?.control ?? 0) < message.control) {
      log.membership = await this.#deps.memberships.current(log.conversationId);
    }
    const membership = membershipOf(log);
    if (message._id === entry._id) return { kind: 'stored', entry, message, membership };
    if (!isRepeat(message, entry.draft)) return { kind: 'refused', entry, error: conflict() };
    this.#deps.metrics.repeatedSends.inc();
    return { kind: 'duplicate', entry, message, membership };
  }
}

const membershipOf = ({ membership, conversationId }: LogView) =>
  membership ?? emptyMembership(conversationId);
