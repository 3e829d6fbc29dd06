import { newMessageId } from '../../models/objectIds.js';
import { conflict, unavailable } from '../../utils/appError.js';
import { groupBy } from '../../utils/groupBy.js';
import { createLru } from '../../utils/lru.js';
import type { ConversationId } from '../../../../contract/index.js';
import type { Tail } from '../../models/messageModel.js';
import type { Batch, Outcome } from './batch.js';
import { BatchWriter } from './batchWriter.js';
import { createEntry, entryKey, isRepeat, type Committed, type Draft, type Entry } from './entry.js';
import { Lane } from './lane.js';
import type { CommitLogDeps } from './deps.js';
import { PerUserQuota } from './perUserQuota.js';

export interface CommitLogLimits {
  /** Messages per insert; 1 switches batching off. */
  maxBatch: number;
  /** Maximum number of messages that wait in this process. Further sends are refused with `UNAVAILABLE`. */
  maxWaiting: number;
  /** Maximum number of waiting messages of one user. Further sends are refused with `RATE_LIMITED`. */
  maxWaitingPerUser: number;
}

/** Maximum number of concurrent inserts: enough to keep the database busy while the next batch fills. */
const MAX_IN_FLIGHT = 3;
/** A conversation with more waiting entries than this gets an ordered batch of its own. */
const HOT_WAITING = 8;
/** Limit of waiting messages and their repeats together, as a multiple of `maxWaiting`. */
const REPEATS_FACTOR = 2;
/** Number of conversations without waiting entries whose tail is kept in memory. */
const MAX_IDLE_LANES = 50_000;

/**
 * Assigns every message its `seq` in its conversation. It is the only writer of new messages.
 *
 * Messages wait in a lane per conversation. When the database can accept a write, all waiting messages are written
 * together (group commit, as in database logs). There is no timer: a single message is written at once, and a
 * thousand concurrent messages share round trips. The insert is the commit point. The unique index on (conversation,
 * seq) detects a race with another process. The one on (conversation, sender, clientMessageId) detects a repeated
 * send.
 */
export class CommitLog {
  readonly #deps: CommitLogDeps;
  readonly #limits: CommitLogLimits;
  readonly #writer: BatchWriter;
  /** Lanes with entries that wait or are in flight. */
  readonly #active = new Map<ConversationId, Lane>();
  readonly #idle = createLru<ConversationId, Lane>(MAX_IDLE_LANES);
  /** Active lanes with waiting entries and no batch in flight. */
  readonly #ready = new Set<Lane>();
  #waiting = 0;
  readonly #quota: PerUserQuota;
  #inFlight = 0;
  #isPumpScheduled = false;
  #closed = false;

  constructor(deps: CommitLogDeps, limits: CommitLogLimits) {
    this.#deps = deps;
    this.#limits = limits;
    this.#quota = new PerUserQuota(limits.maxWaitingPerUser);
    this.#writer = new BatchWriter(deps);
  }

  /** Number of messages without an answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Returns the smallest id of the messages without an answer. */
  oldestWaitingId(): string | undefined {
    let oldest: string | undefined;
    for (const lane of this.#active.values()) {
      for (const { _id } of lane.unresolved.values()) if (oldest === undefined || _id < oldest) oldest = _id;
    }
    return oldest;
  }

  /**
   * Accepts a message. The entry's promise resolves when the message is stored, also if it was stored before. It
   * rejects with `NOT_PARTICIPANT`, `BLOCKED`, `CONFLICT` (the id is used with other content), `VALIDATION`
   * (`replyTo` names no message) or `INTERNAL` (the database refuses this message).
   *
   * @throws AppError `UNAVAILABLE` (too many waiting messages, or shutting down), `RATE_LIMITED` (too many waiting
   * messages of this sender).
   */
  append(draft: Draft): Entry {
    if (this.#closed) throw unavailable('The server is shutting down.');
    const first = this.#active.get(draft.conversationId)?.unresolved.get(entryKey(draft));
    this.#requireCapacity(first !== undefined);
    const release = this.#quota.take(draft.senderId);
    const entry = first === undefined ? this.#enqueue(draft) : this.#follow(first, draft);
    void entry.promise.then(release, release);
    return entry;
  }

  /** Notes the tail that another process has announced, so that waiting entries do not lose a race for its `seq`. */
  noteRemote(conversationId: ConversationId, tail: Tail): void {
    const lane = this.#active.get(conversationId) ?? this.#idle.peek(conversationId);
    lane?.log.noteRemote(tail, { isWriting: lane.busy });
  }

  /** Refuses new messages. Resolves when every accepted message has its answer. */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#active.values()].flatMap((lane) => [...lane.unresolved.values()]);
    await Promise.allSettled(entries.map((entry) => entry.promise));
  }

  /**
   * Must run before a lane is created, so that a refused message leaves none behind.
   *
   * @throws AppError `UNAVAILABLE`.
   */
  #requireCapacity(isRepeat: boolean): void {
    const { maxWaiting } = this.#limits;
    const isFull = isRepeat
      ? this.#quota.total >= maxWaiting * REPEATS_FACTOR
      : this.#waiting >= maxWaiting || this.#deps.isBehind();
    if (isFull) throw unavailable('Too many messages are waiting for the database.');
  }

  #enqueue(draft: Draft): Entry {
    const lane = this.#laneOf(draft.conversationId);
    const entry = createEntry(draft, newMessageId(), this.#deps.time.now());
    lane.add(entry);
    this.#waiting += 1;
    this.#deps.metrics.commitWaiting.set(this.#waiting);
    if (!lane.busy) this.#ready.add(lane);
    this.#schedulePump();
    return entry;
  }

  /**
   * Handles a repeated id while the first message with it is unresolved: waits for the outcome of the first and stores
   * nothing. If the first is refused and this one has other content, this one is appended as a new message.
   */
  #follow(first: Entry, draft: Draft): Entry {
    const follower = createEntry(draft, first._id, first.createdAt);
    const isSame = first.draft.payloadHash === draft.payloadHash;
    const followed = first.promise.then(
      (committed: Committed): Committed => {
        if (!isRepeat(committed.message, draft)) throw conflict();
        return { ...committed, duplicate: true, originSocketId: draft.originSocketId };
      },
      (error: unknown) => {
        if (isSame) throw error;
        return this.append(draft).promise;
      },
    );
    followed.then(follower.resolve, (error: unknown) => follower.reject(error));
    this.#deps.metrics.repeatedSends.inc();
    return follower;
  }

  #laneOf(conversationId: ConversationId): Lane {
    const active = this.#active.get(conversationId);
    if (active !== undefined) return active;
    const lane = this.#idle.get(conversationId) ?? new Lane(conversationId);
    this.#idle.delete(conversationId);
    this.#active.set(conversationId, lane);
    return lane;
  }

  /** Writes at the end of this turn of the event loop, so that messages that arrive in one turn share a batch. */
  #schedulePump(): void {
    if (this.#isPumpScheduled) return;
    this.#isPumpScheduled = true;
    setImmediate(() => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT && this.#ready.size > 0) {
      const { lanes, batch } = this.#nextBatch();
      this.#inFlight += 1;
      void this.#write(batch).finally(() => {
        for (const lane of lanes) this.#release(lane);
        this.#inFlight -= 1;
        this.#pump();
      });
    }
  }

  async #write(batch: Batch): Promise<void> {
    for await (const outcomes of this.#writer.write(batch)) this.#apply(outcomes);
  }

  /** Publishes stored messages, then answers their senders. Entries to retry return to their lanes. */
  #apply(outcomes: readonly Outcome[]): void {
    const results = outcomes.map((outcome) => ({ outcome, committed: toCommitted(outcome) }));
    this.#publish(results.flatMap(({ committed }) => (committed?.duplicate === false ? [committed] : [])));
    for (const { outcome, committed } of results) {
      const { entry } = outcome;
      if (outcome.kind === 'retry') continue;
      this.#settle(entry);
      if (outcome.kind === 'refused') entry.reject(outcome.error);
      else if (committed !== undefined) entry.resolve(committed);
    }
    const retries = outcomes.flatMap(({ kind, entry }) => (kind === 'retry' ? [entry] : []));
    for (const [conversationId, entries] of groupBy(retries, ({ draft }) => draft.conversationId)) {
      this.#active.get(conversationId)?.putBack(entries);
    }
  }

  /**
   * Publishes stored messages. An error is only logged: the messages are stored, so their senders must get an answer.
   */
  #publish(stored: readonly Committed[]): void {
    if (stored.length === 0) return;
    try {
      this.#deps.onCommitted(stored);
    } catch (error) {
      this.#deps.logger.error({ err: error, messages: stored.length }, 'stored messages were not published');
    }
  }

  /**
   * Takes the next batch. A conversation with many waiting entries, or with an entry that must be inserted alone,
   * gets an ordered batch of its own. The others share a batch with one entry each. It is sorted by conversation,
   * because two processes that insert in opposite orders could deadlock.
   */
  #nextBatch(): { lanes: Lane[]; batch: Batch } {
    const { maxBatch } = this.#limits;
    const shared: { lane: Lane; entries: Entry[] }[] = [];
    for (const lane of this.#ready) {
      const needsOwnBatch = lane.waiting.length > HOT_WAITING || lane.waiting[0]?.alone === true;
      if (needsOwnBatch && shared.length > 0) continue;
      this.#ready.delete(lane);
      lane.busy = true;
      const entries = lane.take(needsOwnBatch ? maxBatch : 1);
      if (needsOwnBatch) {
        const alone = entries[0]?.alone === true;
        return { lanes: [lane], batch: { ordered: true, alone, slots: [{ log: lane.log, entries }] } };
      }
      shared.push({ lane, entries });
      if (shared.length >= maxBatch) break;
    }
    shared.sort((a, b) => (a.lane.conversationId < b.lane.conversationId ? -1 : 1));
    const slots = shared.map(({ lane, entries }) => ({ log: lane.log, entries }));
    return { lanes: shared.map(({ lane }) => lane), batch: { ordered: false, alone: false, slots } };
  }

  #settle(entry: Entry): void {
    const lane = this.#active.get(entry.draft.conversationId);
    // The entry under this key may be a later one, because a refused message can be sent again with other content.
    if (lane?.unresolved.get(entry.key) !== entry) return;
    lane.unresolved.delete(entry.key);
    this.#waiting -= 1;
    this.#deps.metrics.commitWaiting.set(this.#waiting);
  }

  #release(lane: Lane): void {
    lane.busy = false;
    if (lane.waiting.length > 0) this.#ready.add(lane);
    else if (lane.idle) {
      this.#active.delete(lane.conversationId);
      if (lane.log.membership !== undefined) this.#idle.set(lane.conversationId, lane);
    }
    this.#schedulePump();
  }
}

/** Returns the answer to a sender whose message is stored. Returns undefined for other outcomes. */
function toCommitted(outcome: Outcome): Committed | undefined {
  if (outcome.kind !== 'stored' && outcome.kind !== 'duplicate') return undefined;
  const { entry, message, membership } = outcome;
  return {
    message,
    duplicate: outcome.kind === 'duplicate',
    membership,
    originSocketId: entry.abandoned ? undefined : entry.draft.originSocketId,
  };
}
